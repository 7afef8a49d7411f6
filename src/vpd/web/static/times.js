// Times as people read them, and frames by their times.

export function clock(seconds, decimals = 3) {
  if (!Number.isFinite(seconds)) return "–";
  const sign = seconds < 0 ? "-" : "";
  const whole = Math.abs(seconds);
  const minutes = Math.floor(whole / 60);
  const rest = (whole - 60 * minutes).toFixed(decimals);
  const padded = rest.padStart(decimals ? 3 + decimals : 2, "0");
  const hours = Math.floor(minutes / 60);
  const head = hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}` : `${minutes}`;
  return `${sign}${head}:${padded}`;
}

// Seconds of "12.5", "1:02.5" or "1:00:02.5"; NaN for anything else.
export function parseClock(text) {
  const parts = text.trim().split(":").map(Number);
  if (!parts.length || parts.length > 3 || parts.some((p) => !Number.isFinite(p) || p < 0)) return NaN;
  return parts.reduce((sum, part) => 60 * sum + part, 0);
}

// The last frame that is shown at `seconds`: times[frame] <= seconds. The first before all.
export function frameAt(times, seconds) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= seconds + 1e-7) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

// When frame n ends: the next one's time, or a usual step after the last.
export function endOf(times, frame) {
  if (frame + 1 < times.length) return times[frame + 1];
  return times[frame] + (times.length > 1 ? times[times.length - 1] - times[times.length - 2] : 0.04);
}

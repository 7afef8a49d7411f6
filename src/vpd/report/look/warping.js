// Two executions in step, by the path of dynamic time warping.

const NEAR = 4;  // steps of the path on either side over which the tempo is taken

// Where the second is when the first is at `seconds`, and how many seconds of it pass a second of the first. `from` and
// `to` are the seconds of both that correspond, in order.
export function inStep(from, to, seconds) {
  if (!from?.length) return [NaN, 1];
  let low = 0;
  let high = from.length - 1;
  if (seconds <= from[0]) return [to[0], 1];
  if (seconds >= from[high]) return [to[high], 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (from[middle] < seconds) low = middle;
    else high = middle;
  }
  const width = from[high] - from[low];
  const [a, b] = [Math.max(0, low - NEAR), Math.min(from.length - 1, high + NEAR)];
  return [width > 0 ? to[low] + ((seconds - from[low]) / width) * (to[high] - to[low]) : to[high],
    from[b] > from[a] ? (to[b] - to[a]) / (from[b] - from[a]) : 1];
}

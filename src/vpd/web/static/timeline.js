// The timeline: lanes on a canvas beside their names, zoomed about the pointer, scrubbed by dragging.

import { html, useEffect, useRef, colourOf } from "./ui.js";
import { clock } from "./times.js";
import { t } from "./i18n.js";

const LANES = [
  ["shots", 10], ["presence", 18], ["energy", 26], ["labels", 34], ["proposals", 26], ["hits", 16], ["reviewed", 10],
];
export const HEIGHT = LANES.reduce((sum, [, height]) => sum + height + 3, 22);

export function laneTop(name) {
  let top = 20;
  for (const [lane, height] of LANES) {
    if (lane === name) return [top, height];
    top += height + 3;
  }
  return [0, 0];
}

const NAMES = "10px system-ui, sans-serif";
const nameOf = (lane) => t(`lane_${lane}`);

// The width of the lanes' names, left of the lanes.
function namesWidth(context) {
  context.font = NAMES;
  return Math.ceil(Math.max(...LANES.map(([lane]) => context.measureText(nameOf(lane)).width))) + 8;
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class View {
  constructor(start, end) {
    [this.first, this.last] = [start, end];
    [this.start, this.end] = [start, end];
  }

  x(seconds, width) {
    return ((seconds - this.start) / (this.end - this.start)) * width;
  }

  seconds(x, width) {
    return this.start + (x / width) * (this.end - this.start);
  }

  zoom(factor, about) {
    const length = Math.min(Math.max((this.end - this.start) * factor, 0.2), this.last - this.first);
    const share = (about - this.start) / (this.end - this.start);
    this.move(about - share * length - this.start, length);
  }

  move(by, length = this.end - this.start) {
    this.start = Math.min(Math.max(this.first, this.start + by), Math.max(this.first, this.last - length));
    this.end = this.start + length;
  }

  reveal(seconds) {
    if (seconds < this.start || seconds > this.end) this.move(seconds - (this.start + this.end) / 2);
  }
}

// The spans that touch the view; `spans` are sorted by their start.
export function visible(spans, view, longest) {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle].start_s < view.start - longest) low = middle + 1;
    else high = middle;
  }
  const found = [];
  for (let i = low; i < spans.length && spans[i].start_s < view.end; i++) {
    if (spans[i].end_s > view.start) found.push(spans[i]);
  }
  return found;
}

function drawCurve(context, values, bins, view, width, [top, height], colour) {
  if (!values?.length) return;
  context.fillStyle = colour;
  const scale = values.length / (bins.end_s - bins.start_s);
  for (let x = 0; x < width; x++) {
    const from = Math.floor((view.seconds(x, width) - bins.start_s) * scale);
    const to = Math.max(from + 1, Math.ceil((view.seconds(x + 1, width) - bins.start_s) * scale));
    let most = 0;
    for (let i = Math.max(0, from); i < Math.min(values.length, to); i++) most = Math.max(most, values[i]);
    if (most > 0) context.fillRect(x, top + height * (1 - most), 1, height * most);
  }
}

function drawSpans(context, spans, view, width, [top, height], colour, alpha = () => 1) {
  let drawn = -Infinity;
  let last = "";
  for (const span of spans) {
    const left = view.x(span.start_s, width);
    const right = Math.max(left + 1.5, view.x(span.end_s, width));
    const look = colour(span);
    if (look === last && right < drawn + 0.25) continue;  // nothing of it would be seen
    [drawn, last] = [right, look];
    context.globalAlpha = alpha(span);
    context.fillStyle = look;
    context.fillRect(left, top, right - left, height);
  }
  context.globalAlpha = 1;
}

export function draw(canvas, view, data) {
  const ratio = devicePixelRatio || 1;
  const whole = canvas.clientWidth;
  if (canvas.width !== Math.round(whole * ratio)) {
    canvas.width = Math.round(whole * ratio);
    canvas.height = Math.round(HEIGHT * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = css("--field");
  context.fillRect(0, 0, whole, HEIGHT);
  const ink = css("--ink");
  const faint = css("--faint");
  const shots = [css("--shot-b"), css("--shot-a")];
  const [accent, good] = [css("--accent"), css("--good")];
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const paints = new Map(data.classes.map((name) => [name, colourOf(name, data.classes, dark)]));
  const paint = (span) => paints.get(span.label) ?? colourOf(span.label, data.classes, dark);
  const gutter = namesWidth(context);
  const width = whole - gutter;
  context.font = NAMES;
  for (const [lane] of LANES) {
    const [top, height] = laneTop(lane);
    context.fillStyle = faint;
    context.fillRect(gutter, top, width, height);
    context.fillStyle = ink;
    context.fillText(nameOf(lane), 4, top + height / 2 + 3.5);
  }
  context.save();
  context.translate(gutter, 0);
  context.beginPath();
  context.rect(0, 0, width, HEIGHT);
  context.clip();
  // Seconds along the top.
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600]
    .find((s) => (s / (view.end - view.start)) * width > 80) ?? 7200;
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = css("--muted");
  for (let s = Math.ceil(view.start / step) * step; s <= view.end; s += step) {
    const x = view.x(s, width);
    context.fillRect(x, 14, 1, 4);
    context.fillText(clock(s, step < 1 ? 1 : 0), x + 3, 12);
  }
  drawSpans(context, visible(data.shots, view, data.longest.shots), view, width, laneTop("shots"),
    (s) => shots[s.number % 2]);
  drawCurve(context, data.presence, data.bins, view, width, laneTop("presence"), css("--presence"));
  drawCurve(context, data.energy, data.bins, view, width, laneTop("energy"), css("--energy"));
  drawSpans(context, visible(data.labels, view, data.longest.labels), view, width, laneTop("labels"), paint);
  const threshold = data.threshold ?? 0;
  drawSpans(context, visible(data.proposals, view, data.longest.proposals).filter((p) => p.score >= threshold), view,
    width, laneTop("proposals"), paint, (s) => 0.25 + 0.75 * s.score);
  drawSpans(context, visible(data.hits, view, data.longest.hits), view, width, laneTop("hits"), () => accent);
  drawSpans(context, visible(data.reviewed, view, data.longest.reviewed), view, width, laneTop("reviewed"), () => good);
  // Names in the labels that have room.
  context.font = "11px system-ui, sans-serif";
  const [top, height] = laneTop("labels");
  context.fillStyle = css("--on-colour");
  for (const span of visible(data.labels, view, data.longest.labels)) {
    const left = view.x(span.start_s, width);
    const room = view.x(span.end_s, width) - left - 6;
    if (room > 24) {
      context.save();
      context.beginPath();
      context.rect(left, top, room + 3, height);
      context.clip();
      context.fillText(span.label, Math.max(left, 0) + 4, top + height / 2 + 4);
      context.restore();
    }
  }
  context.lineWidth = 2;
  for (const [span, lane] of [[data.selected, "labels"], [data.span, "labels"]]) {
    if (!span) continue;
    const [y, tall] = laneTop(lane);
    context.strokeStyle = span === data.selected ? ink : accent;
    const left = view.x(span.start_s, width);
    context.strokeRect(left, y - 1, Math.max(2, view.x(span.end_s, width) - left), tall + 2);
  }
  context.fillStyle = css("--playhead");
  context.fillRect(view.x(data.playhead, width) - 1, 0, 2, HEIGHT);
  context.restore();
}

export const longestOf = (spans) => spans.reduce((most, s) => Math.max(most, s.end_s - s.start_s), 0);

// Props: view, data, onSeek(seconds), onSelect(label), onSpan({start_s, end_s}), onChange().
export function Timeline({ view, data, onSeek, onSelect, onSpan, onChange }) {
  const canvas = useRef();
  const drag = useRef(null);
  const at = (event) => {
    const box = canvas.current.getBoundingClientRect();
    const gutter = namesWidth(canvas.current.getContext("2d"));
    return [event.clientX - box.left - gutter, event.clientY - box.top, box.width - gutter];
  };
  useEffect(() => {
    const request = requestAnimationFrame(() => draw(canvas.current, view, data));
    return () => cancelAnimationFrame(request);
  });
  useEffect(() => {
    const again = () => draw(canvas.current, view, data);
    const observer = new ResizeObserver(again);
    observer.observe(canvas.current);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", again);
    const turned = (event) => {
      event.preventDefault();
      const [x, , width] = at(event);
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        view.move((((event.deltaX || event.deltaY) / width) * (view.end - view.start)));
      } else view.zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, view.seconds(Math.max(0, x), width));
      onChange();
    };
    canvas.current.addEventListener("wheel", turned, { passive: false });
    return () => { observer.disconnect(); scheme.removeEventListener("change", again); canvas.current?.removeEventListener("wheel", turned); };
  }, [view]);
  const down = (event) => {
    const [x, y, width] = at(event);
    if (x < 0) return;  // on the names
    const seconds = view.seconds(x, width);
    const lane = ["labels", "proposals"].find((name) => {
      const [top, height] = laneTop(name);
      return y >= top && y <= top + height;
    });
    const under = lane && visible(data[lane], view, data.longest[lane])
      .find((s) => seconds >= s.start_s && seconds <= s.end_s && (lane === "labels" || s.score >= (data.threshold ?? 0)));
    if (under && !event.shiftKey) onSelect(under, lane);
    drag.current = { from: seconds, span: event.shiftKey };
    canvas.current.setPointerCapture(event.pointerId);
    if (!event.shiftKey) onSeek(seconds);
  };
  const move = (event) => {
    if (!drag.current) return;
    const [x, , width] = at(event);
    const seconds = Math.min(Math.max(view.seconds(x, width), view.first), view.last);
    if (drag.current.span) {
      onSpan({ start_s: Math.min(drag.current.from, seconds), end_s: Math.max(drag.current.from, seconds) });
    } else onSeek(seconds);
  };
  return html`<canvas ref=${canvas} class="timeline" style=${`height:${HEIGHT}px`} tabindex="0" role="slider"
    aria-label=${t("timeline")} aria-valuemin=${view.first} aria-valuemax=${view.last}
    aria-valuenow=${data.playhead} aria-valuetext=${clock(data.playhead)}
    onPointerDown=${down} onPointerMove=${move} onPointerUp=${() => { drag.current = null; }}
    onPointerCancel=${() => { drag.current = null; }}></canvas>`;
}

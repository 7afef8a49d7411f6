// The frames about the edge of a label: a click on one makes it the edge.

import { html } from "./ui.js";
import { videoUrl } from "./api.js";
import { clock, endOf, frameAt } from "./times.js";
import { t } from "./i18n.js";

const AROUND = 6;
const WIDTH = 96;

// Props: video; times of its frames; label; edge "start_s" or "end_s"; onEdge(seconds, frame).
export function FrameStrip({ video, times, label, edge, onEdge }) {
  const at = edge === "end_s" ? frameAt(times, label.end_s - 1e-4) : frameAt(times, label.start_s + 1e-4);
  const first = Math.max(0, at - AROUND);
  const frames = Array.from({ length: Math.min(times.length - 1, at + AROUND) - first + 1 }, (_, i) => first + i);
  const moved = (n) => (edge === "end_s" ? endOf(times, n) : times[n]);
  const fits = (n) => (edge === "end_s" ? moved(n) > label.start_s : moved(n) < label.end_s);
  return html`<div class="frames" role="group" aria-label=${t("frames_about", { edge: t(edge === "end_s" ? "end" : "start") })}>
    ${frames.map((n) => html`<button key=${n} class="picture" disabled=${!fits(n)} aria-pressed=${n === at}
      aria-label=${t("edge_here", { frame: n, time: clock(moved(n)) })} onClick=${() => onEdge(moved(n), n)}>
      <img src=${videoUrl(video, `frames/${n}.jpg?w=${WIDTH}`)} alt="" loading="lazy" /><small>${n}</small></button>`)}</div>`;
}

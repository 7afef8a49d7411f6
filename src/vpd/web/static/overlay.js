// Boxes and skeletons over the picture, from the library's tracks and poses.

import { html, useEffect, useRef, useState } from "./ui.js";
import { get, videoUrl } from "./api.js";

const BONES = [[5, 6], [5, 7], [7, 9], [6, 8], [8, 10], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15], [12, 14],
  [14, 16], [0, 5], [0, 6]];
const SPAN_S = 4;
const LEAST_SCORE = 0.2;

// Tracks and poses are loaded in pieces of a few seconds.
function usePeople(video, seconds) {
  const piece = Math.floor(seconds / SPAN_S);
  const [known, set] = useState({});
  const asked = useRef(new Set());
  useEffect(() => {
    for (const n of [piece, piece + 1]) {
      if (n < 0 || asked.current.has(n)) continue;
      asked.current.add(n);
      get(videoUrl(video, `people?start=${n * SPAN_S}&end=${(n + 1) * SPAN_S}`))
        .then((found) => set((old) => ({ ...old, [n]: found.athletes })), () => {});
    }
  }, [video, piece]);
  return known[piece] ?? [];
}

function nearest(times, seconds) {
  let best = -1;
  for (let i = 0; i < times.length; i++) if (best < 0 || Math.abs(times[i] - seconds) < Math.abs(times[best] - seconds)) best = i;
  return best >= 0 && Math.abs(times[best] - seconds) < 0.051 ? best : -1;
}

export function Overlay({ video, row, seconds, athlete }) {
  const canvas = useRef();
  const people = usePeople(video, seconds);
  useEffect(() => {
    const context = canvas.current.getContext("2d");
    context.clearRect(0, 0, row.width, row.height);
    const thick = Math.max(2, row.height / 240);
    for (const person of people) {
      const i = nearest(person.times, seconds);
      if (i < 0) continue;
      const chosen = person.athlete === athlete;
      context.lineWidth = chosen ? 1.5 * thick : thick;
      context.strokeStyle = chosen ? "#ffd23f" : "#9fd3ff";
      context.strokeRect(...person.boxes[i]);
      const pose = person.poses[i];
      if (!pose) continue;
      context.lineWidth = thick;
      for (const [a, b] of BONES) {
        const sure = Math.min(pose[3 * a + 2], pose[3 * b + 2]);
        if (sure < LEAST_SCORE) continue;
        context.globalAlpha = Math.min(1, 0.2 + sure);
        context.beginPath();
        context.moveTo(pose[3 * a], pose[3 * a + 1]);
        context.lineTo(pose[3 * b], pose[3 * b + 1]);
        context.stroke();
      }
      context.globalAlpha = 1;
    }
  });
  return html`<canvas ref=${canvas} class="overlay" width=${row.width} height=${row.height} aria-hidden="true"></canvas>`;
}

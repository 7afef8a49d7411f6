// A card that plays the athlete's crops of a segment in a loop.

import { html, useEffect, useRef, useState, reducedMotion } from "./ui.js";
import { cropsOf, drawAt, warped } from "./crops.js";

// One clock for all cards on a page, so that they keep step.
const clips = new Set();
let running = false;
function turn(now) {
  for (const clip of clips) clip(now / 1000);
  running = clips.size > 0;
  if (running) requestAnimationFrame(turn);
}

function useTurns(draw, playing) {
  useEffect(() => {
    if (!playing) { draw(null); return undefined; }
    clips.add(draw);
    if (!running) { running = true; requestAnimationFrame(turn); }
    return () => clips.delete(draw);
  });
}

// Props: segment; leader (the query's segment) and path keep it in step with the query; mirrored; label for people
// who do not see it; seconds holds it at a time; speed.
export function Clip({ segment, leader, path, mirrored = false, label, seconds = null, speed = 1 }) {
  const canvas = useRef();
  const [clip, setClip] = useState(null);
  const [problem, setProblem] = useState("");
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const watcher = new IntersectionObserver(([entry]) => setShown(entry.isIntersecting));
    watcher.observe(canvas.current);
    return () => watcher.disconnect();
  }, []);
  const key = `${segment.video} ${segment.athlete} ${segment.start_s} ${segment.end_s}`;
  useEffect(() => {
    if (!shown) return undefined;
    let live = true;
    cropsOf(segment).then((found) => live && setClip(found), (error) => live && setProblem(error.message));
    return () => { live = false; };
  }, [key, shown]);
  const still = reducedMotion();
  useTurns((now) => {
    if (!clip || !canvas.current) return;
    if (seconds !== null) { drawAt(canvas.current, clip, seconds, mirrored); return; }
    const lead = path?.query_s?.length ? leader : segment;
    const length = lead.end_s - lead.start_s;
    const at = now === null ? lead.start_s + length / 2 : lead.start_s + ((now * speed) % (length + 0.3));
    const own = path?.query_s?.length ? warped(path, at) : at;
    drawAt(canvas.current, clip, Number.isNaN(own) ? segment.start_s : own, mirrored);
  }, shown && clip && seconds === null && !still);
  return html`<canvas ref=${canvas} class="clip" width="128" height="128" role=${label ? "img" : null}
    aria-label=${label || null} aria-hidden=${label ? null : "true"}></canvas>
    ${problem && html`<small class="problem">${problem}</small>`}`;
}

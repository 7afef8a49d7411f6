// Several executions of one action over each other: skeletons in step with the first, their mean, their spread.

import { html, useEffect, useRef, useState, Notes, Problem, Waiting } from "./ui.js";
import { post } from "./api.js";
import { Clip } from "./clip.js";
import { frameAt, clock } from "./times.js";
import { t, told } from "./i18n.js";

export const BONES = [[5, 6], [5, 7], [7, 9], [6, 8], [8, 10], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15], [12, 14],
  [14, 16], [0, 5], [0, 6]];
const BODY = [0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const TORSO = 0.5;  // of a normalised pose

export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A canvas with skeletons [{ pose, colour, width }], hips in the middle; circles [{ at, radius }] under them.
export function Skeletons({ skeletons, circles = [], label }) {
  const canvas = useRef();
  useEffect(() => {
    const context = canvas.current.getContext("2d");
    const size = canvas.current.width;
    const place = ([x, y]) => [size / 2 + x * size * 0.42, size / 2 + y * size * 0.42];
    context.fillStyle = css("--field");
    context.fillRect(0, 0, size, size);
    context.fillStyle = css("--mark");
    for (const { at, radius } of circles) {
      context.beginPath();
      context.arc(...place(at), radius * size * 0.42, 0, 2 * Math.PI);
      context.fill();
    }
    for (const { pose, colour, width = 3 } of skeletons) {
      if (!pose) continue;
      context.strokeStyle = colour;
      context.lineWidth = width;
      for (const [a, b] of BONES) {
        if (!pose[a] || !pose[b]) continue;
        context.beginPath();
        context.moveTo(...place(pose[a]));
        context.lineTo(...place(pose[b]));
        context.stroke();
      }
    }
  });
  return html`<canvas ref=${canvas} class="skeletons" width="320" height="320" role="img" aria-label=${label}></canvas>`;
}

// A curve over the seconds of the first execution, with the moment that is shown.
export function Curve({ seconds, values, at, label, marks = [] }) {
  const canvas = useRef();
  useEffect(() => {
    const { clientWidth: width, clientHeight: height } = canvas.current;
    canvas.current.width = width * devicePixelRatio;
    canvas.current.height = height * devicePixelRatio;
    const context = canvas.current.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    context.fillStyle = css("--field");
    context.fillRect(0, 0, width, height);
    const most = Math.max(...values.filter((v) => v !== null), 1e-9);
    const [first, last] = [seconds[0], seconds.at(-1)];
    const x = (s) => ((s - first) / Math.max(last - first, 1e-9)) * width;
    for (const mark of marks) {
      context.fillStyle = css("--mark");
      context.fillRect(x(mark.start_s), 0, Math.max(2, x(mark.end_s) - x(mark.start_s)), height);
    }
    context.strokeStyle = css("--accent");
    context.lineWidth = 2;
    context.beginPath();
    values.forEach((v, i) => { if (v !== null) context.lineTo(x(seconds[i]), height - 4 - (height - 8) * (v / most)); });
    context.stroke();
    context.fillStyle = css("--playhead");
    context.fillRect(x(at) - 1, 0, 2, height);
  });
  return html`<figure class="curve"><figcaption>${label}</figcaption><canvas ref=${canvas} role="img" aria-label=${label}></canvas></figure>`;
}

// Props: spans (texts), mirror, at (seconds of the first).
export function Executions({ spans, mirror, at }) {
  const [data, set] = useState(null);
  const [error, setError] = useState(null);
  const key = [...spans, mirror].join("\n");
  useEffect(() => {
    let live = true;
    set(null);
    setError(null);
    post("/api/overlay", { spans, mirror }).then((found) => live && set(found), (e) => live && setError(e));
    return () => { live = false; };
  }, [key]);
  if (error) return html`<${Problem} error=${error} />`;
  if (!data) return html`<${Waiting} />`;
  const now = frameAt(data.times_s, at);
  const circles = BODY.map((joint, i) => ({ at: data.mean[now][joint], radius: (data.spread[now][i] ?? 0) * TORSO }))
    .filter((c) => c.at && c.radius > 0);
  const all = [...data.poses.map((poses) => ({ pose: poses[now], colour: css("--muted"), width: 1.5 })),
    { pose: data.mean[now], colour: css("--accent"), width: 4 }];
  return html`<section aria-labelledby="executions"><h2 id="executions">${t("executions", { count: data.segments.length })}</h2>
    <div class="pair"><figure class="card large"><${Skeletons} skeletons=${all} circles=${circles} label=${t("mean_pose")} />
        <figcaption>${t("mean_about")}</figcaption></figure>
      ${data.segments.map((segment, i) => html`<figure class="card" key=${i}><${Clip} segment=${segment} seconds=${data.own_s[i][now]}
        mirrored=${data.mirrored[i]} label=${t("execution", { number: i + 1 })} /><figcaption><bdi>${segment.video}</bdi> ${clock(data.own_s[i][now], 2)}</figcaption></figure>`)}</div>
    <${Notes} notes=${data.notes} />
    <${Curve} seconds=${data.times_s} values=${data.spread_of_all} at=${at} label=${t("spread_curve")} />
    <h3>${t("spread_most")}</h3><ol>${data.sentences.map((sentence) => html`<li key=${sentence.values.joint.key}>${told(sentence)}</li>`)}</ol></section>`;
}

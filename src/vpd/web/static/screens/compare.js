// Two executions in step by the path of dynamic time warping, and where they differ.

import { html, useEffect, useLayoutEffect, useRef, useState, Problem, Waiting, say, sayError } from "../ui.js";
import { finished, post } from "../api.js";
import { useStore } from "../store.js";
import { Clip } from "../clip.js";
import { warped } from "../crops.js";
import { listen } from "../keys.js";
import { clock } from "../times.js";
import { t } from "../i18n.js";

const BONES = [[5, 6], [5, 7], [7, 9], [6, 8], [8, 10], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15], [12, 14], [14, 16], [0, 5], [0, 6]];
const spanText = (s) => (s ? `${s.video}@${s.start_s}-${s.end_s}${s.athlete != null ? `#${s.athlete}` : ""}` : "");

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function Curve({ data, values, at, label, marks = [] }) {
  const canvas = useRef();
  useEffect(() => {
    const { clientWidth: width, clientHeight: height } = canvas.current;
    canvas.current.width = width * devicePixelRatio;
    canvas.current.height = height * devicePixelRatio;
    const context = canvas.current.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    context.fillStyle = css("--field");
    context.fillRect(0, 0, width, height);
    const most = Math.max(...values, 1e-9);
    const [first, last] = [data.query_s[0], data.query_s.at(-1)];
    const x = (s) => ((s - first) / Math.max(last - first, 1e-9)) * width;
    for (const mark of marks) {
      context.fillStyle = css("--mark");
      context.fillRect(x(mark.start_s), 0, Math.max(2, x(mark.end_s) - x(mark.start_s)), height);
    }
    context.strokeStyle = css("--accent");
    context.lineWidth = 2;
    context.beginPath();
    values.forEach((v, i) => context.lineTo(x(data.query_s[i]), height - 4 - (height - 8) * (v / most)));
    context.stroke();
    context.fillStyle = css("--playhead");
    context.fillRect(x(at) - 1, 0, 2, height);
  });
  return html`<figure class="curve"><figcaption>${label}</figcaption><canvas ref=${canvas} role="img" aria-label=${label}></canvas></figure>`;
}

// Both skeletons, hips in the middle, bodies of one size.
function Skeletons({ data, at, mirrored }) {
  const canvas = useRef();
  useEffect(() => {
    const context = canvas.current.getContext("2d");
    const size = canvas.current.width;
    context.fillStyle = css("--field");
    context.fillRect(0, 0, size, size);
    const draw = (pose, colour) => {
      if (!pose) return;
      context.strokeStyle = colour;
      context.lineWidth = 3;
      for (const [a, b] of BONES) {
        if (pose[a] === null || pose[b] === null) continue;
        context.beginPath();
        context.moveTo(size / 2 + pose[a][0] * size * 0.42, size / 2 + pose[a][1] * size * 0.42);
        context.lineTo(size / 2 + pose[b][0] * size * 0.42, size / 2 + pose[b][1] * size * 0.42);
        context.stroke();
      }
    };
    const i = data.query_s.findIndex((s) => s >= at);
    const step = i < 0 ? data.query_s.length - 1 : i;
    draw(data.poses?.a?.[step], css("--accent"));
    draw(data.poses?.b?.[step], css("--second"));
  });
  return html`<canvas ref=${canvas} class="skeletons" width="320" height="320" role="img" aria-label=${t("skeletons")}></canvas>`;
}

export function CompareScreen() {
  const { labels } = useStore();
  const stored = JSON.parse(sessionStorage.getItem("vpd.pair") ?? "null");
  const one = JSON.parse(sessionStorage.getItem("vpd.compare") ?? "null");
  const [a, setA] = useState(spanText(stored?.[0] ?? one));
  const [b, setB] = useState(spanText(stored?.[1]));
  const [mirror, setMirror] = useState(stored?.[1]?.mirrored ? "yes" : "auto");
  const [how, setHow] = useState("warped");
  const [data, set] = useState(null);
  const [error, setError] = useState(null);
  const [at, setAt] = useState(0);
  const [playing, play] = useState(false);
  const compare = () => {
    setError(null);
    set(null);
    post("/api/compare", { a, b, mirror }).then((found) => { set(found); setAt(found.query_s[0]); }, setError);
  };
  useEffect(() => { if (a && b) compare(); }, [mirror]);
  useEffect(() => {
    if (!playing || !data) return undefined;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const by = (now - last) / 1000;
      last = now;
      setAt((s) => (s + by > data.query_s.at(-1) ? data.query_s[0] : s + by));
    }, 33);
    return () => clearInterval(timer);
  }, [playing, data]);
  useLayoutEffect(() => listen({
    play: () => play(!playing),
    next_frame: () => setAt((s) => Math.min(data?.query_s.at(-1) ?? s, s + 1 / 30)),
    previous_frame: () => setAt((s) => Math.max(data?.query_s[0] ?? s, s - 1 / 30)),
  }));
  const other = !data ? 0 : how === "warped" ? warped(data, at)
    : Math.min(data.b.end_s, data.b.start_s + (at - data.a.start_s) * (how === "stretched"
      ? (data.b.end_s - data.b.start_s) / (data.a.end_s - data.a.start_s) : 1));
  const options = html`<datalist id="compare-spans">${labels.slice(0, 300).map((l) => html`<option value=${spanText(l)}>${l.label}</option>`)}</datalist>`;
  return html`<h1>${t("screen_compare")}</h1>
    <form class="bar" onSubmit=${(e) => { e.preventDefault(); compare(); }}>
      <label>${t("first")} <input value=${a} size="30" list="compare-spans" onInput=${(e) => setA(e.target.value)} /></label>
      <label>${t("second")} <input value=${b} size="30" list="compare-spans" onInput=${(e) => setB(e.target.value)} /></label>${options}
      <label>${t("mirror")} <select value=${mirror} onChange=${(e) => setMirror(e.target.value)}>
        ${["auto", "no", "yes"].map((m) => html`<option value=${m}>${t(`mirror_${m}`)}</option>`)}</select></label>
      <button disabled=${!a || !b}>${t("compare")}</button></form>
    <${Problem} error=${error} />
    ${!data && !error && (a && b ? html`<${Waiting} />` : html`<p class="hint">${t("compare_hint")}</p>`)}
    ${data && html`<div class="bar" role="group" aria-label=${t("player")}>
        <button onClick=${() => play(!playing)}>${playing ? t("pause") : t("play")}</button>
        <label class="wide">${t("moment")} <input type="range" min=${data.query_s[0]} max=${data.query_s.at(-1)} step="0.01" value=${at}
          aria-valuetext=${clock(at)} onInput=${(e) => { play(false); setAt(Number(e.target.value)); }} /></label>
        <label>${t("in_step")} <select value=${how} onChange=${(e) => setHow(e.target.value)}>
          ${["warped", "stretched", "started"].map((m) => html`<option value=${m}>${t(`step_${m}`)}</option>`)}</select></label>
        <button onClick=${() => post("/api/compare/video", { a, b, mirror }).then(({ job }) => finished(job.id))
          .then(({ result }) => say(t("written", { path: result.path })), sayError)}>${t("save_video")}</button></div>
      <div class="pair">
        <figure class="card large"><${Clip} segment=${data.a} seconds=${at} label=${t("first")} /><figcaption><span class="dot" style="--class:var(--accent)"></span> <bdi>${data.a.video}</bdi> ${clock(at)}</figcaption></figure>
        <figure class="card large"><${Clip} segment=${data.b} seconds=${other} mirrored=${data.mirrored} label=${t("second")} />
          <figcaption><span class="dot" style="--class:var(--second)"></span> <bdi>${data.b.video}</bdi> ${clock(other)}${data.mirrored ? ` · ${t("mirrored")}` : ""}</figcaption></figure>
        ${data.poses && html`<figure class="card large"><${Skeletons} data=${data} at=${at} /><figcaption>${t("skeletons")}</figcaption></figure>`}
      </div>
      <p>${t("compare_about", { distance: data.distance.toFixed(3), tempo: data.tempo.toFixed(2) })}</p>
      <${Curve} data=${data} values=${data.local} at=${at} label=${t("local_distance")} marks=${data.differences} />
      <${Curve} data=${data} values=${data.tempo_curve} at=${at} label=${t("tempo_curve")} />
      <h2>${t("differences")}</h2>
      ${data.differences.length ? html`<ol class="differences">${data.differences.map((d) => html`<li><button onClick=${() => { play(false); setAt((d.start_s + d.end_s) / 2); }}>
        ${clock(d.start_s, 2)} – ${clock(d.end_s, 2)}</button> ${d.text}</li>`)}</ol>` : html`<p>${t("no_differences")}</p>`}`}`;
}

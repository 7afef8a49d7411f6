// Two executions in step by the path of dynamic time warping, and where they differ.

import { html, useEffect, useLayoutEffect, useState, Notes, Problem, Waiting, say, sayError } from "../ui.js";
import { finished, post } from "../api.js";
import { useStore } from "../store.js";
import { Clip } from "../clip.js";
import { Curve, Executions, Skeletons, css } from "../executions.js";
import { warped } from "../crops.js";
import { listen } from "../keys.js";
import { clock } from "../times.js";
import { t, told } from "../i18n.js";

const spanText = (s) => (s ? `${s.video}@${s.start_s}-${s.end_s}${s.athlete != null ? `#${s.athlete}` : ""}` : "");

export function CompareScreen() {
  const { labels } = useStore();
  const stored = JSON.parse(sessionStorage.getItem("vpd.pair") ?? "null");
  const [a, setA] = useState(spanText(stored?.[0]));
  const [b, setB] = useState(spanText(stored?.[1]));
  const [more, setMore] = useState((stored ?? []).slice(2).map(spanText));
  const [fresh, setFresh] = useState("");
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
  const later = data ? data.query_s.findIndex((s) => s >= at) : -1;
  const step = later < 0 ? (data?.query_s.length ?? 1) - 1 : later;
  const options = html`<datalist id="compare-spans">${labels.slice(0, 300).map((l) => html`<option value=${spanText(l)}>${l.label}</option>`)}</datalist>`;
  return html`<h1>${t("screen_compare")}</h1>
    <form class="bar" onSubmit=${(e) => { e.preventDefault(); compare(); }}>
      <label>${t("first")} <input value=${a} size="30" list="compare-spans" onInput=${(e) => setA(e.target.value)} /></label>
      <label>${t("second")} <input value=${b} size="30" list="compare-spans" onInput=${(e) => setB(e.target.value)} /></label>${options}
      <label>${t("mirror")} <select value=${mirror} onChange=${(e) => setMirror(e.target.value)}>
        ${["auto", "no", "yes"].map((m) => html`<option value=${m}>${t(`mirror_${m}`)}</option>`)}</select></label>
      <button disabled=${!a || !b}>${t("compare")}</button></form>
    <form class="bar" onSubmit=${(e) => { e.preventDefault(); if (fresh.trim()) setMore([...more, fresh.trim()]); setFresh(""); }}>
      <label>${t("further")} <input value=${fresh} size="30" list="compare-spans" onInput=${(e) => setFresh(e.target.value)} /></label>
      <button disabled=${!fresh.trim()}>${t("add")}</button>
      ${more.map((span, i) => html`<button type="button" key=${span} onClick=${() => setMore(more.filter((_, j) => j !== i))}
        aria-label=${t("leave_out", { span })}><bdi>${span}</bdi> ×</button>`)}</form>
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
        ${data.poses && html`<figure class="card large"><${Skeletons} label=${t("skeletons")} skeletons=${[
          { pose: data.poses.a?.[step], colour: css("--accent") }, { pose: data.poses.b?.[step], colour: css("--second") }]} /><figcaption>${t("skeletons")}</figcaption></figure>`}
      </div>
      <${Notes} notes=${data.notes} />
      <p>${t("compare_about", { distance: data.distance.toFixed(3), tempo: data.tempo.toFixed(2) })}</p>
      <${Curve} seconds=${data.query_s} values=${data.local} at=${at} label=${t("local_distance")} marks=${data.differences} />
      <${Curve} seconds=${data.query_s} values=${data.tempo_curve} at=${at} label=${t("tempo_curve")} />
      <h2>${t("differences")}</h2>
      ${data.differences.length ? html`<ol class="differences">${data.differences.map((d) => html`<li><button onClick=${() => { play(false); setAt((d.start_s + d.end_s) / 2); }}>
        ${clock(d.start_s, 2)} – ${clock(d.end_s, 2)}</button> ${told(d.sentence)}</li>`)}</ol>` : html`<p>${t("no_differences")}</p>`}
      ${more.length > 0 && html`<${Executions} spans=${[a, b, ...more]} mirror=${mirror} at=${at} />`}`}`;
}

// The videos of the library: what they show, what is done, what is wrong.

import { html, useEffect, useState, Problem, say, sayError, useLoaded } from "../ui.js";
import { finished, get, post, remove } from "../api.js";
import { loadLibrary, reviewedSeconds, useStore, REVIEWED } from "../store.js";
import { SHOWN, wantedOf } from "../choice.js";
import { Clip } from "../clip.js";
import { clock } from "../times.js";
import { stepName, t, told } from "../i18n.js";

function Strip({ video }) {
  const length = video.end_s - video.start_s;
  const count = 8;
  return html`<div class="strip">${Array.from({ length: count }, (_, i) => {
    const middle = video.start_s + ((i + 0.5) / count) * length;
    return html`<${Clip} key=${i} segment=${{ video: video.video, athlete: 0, start_s: Math.max(0, middle - 0.05),
      end_s: middle + 0.05 }} seconds=${middle} label=${t("crop_of", { video: video.video, time: clock(middle, 0) })} />`;
  })}</div>`;
}

// Makes what is missing of all videos, as `vpd run` does, with its progress; a run that goes on is shown after a reload.
function Work({ due }) {
  const [job, set] = useState(null);
  const [error, setError] = useState(null);
  const follow = (id) => {
    setError(null);
    finished(id, set).then(({ result }) => say([t("made"), ...[...Object.values(result.set_aside), ...result.problems].map((text) => told({ text }))].join(" ")), setError)
      .finally(() => { set(null); loadLibrary(); });
  };
  useEffect(() => {
    get("/api/jobs").then(({ jobs }) => {
      const going = jobs.find((j) => j.kind === "run" && ["running", "waiting"].includes(j.state));
      if (going) follow(going.id);
    }, () => {});
  }, []);
  if (!due && !job && !error) return null;
  return html`<div class="bar">${job ? html`<progress max="1" value=${job.fraction} aria-label=${t("making")}></progress>
      <span role="status">${t("making")} ${job.doing && told(job.doing)} ${Math.round(100 * job.fraction)} %</span>
      <button onClick=${() => remove(`/api/jobs/${job.id}`).catch(sayError)}>${t("cancel")}</button>`
    : due && html`<button class="main" onClick=${() => post("/api/run").then((r) => follow(r.job.id), setError)}>${t("make_all")}</button>`}
    <${Problem} error=${error} /></div>`;
}

// Adds a file or a folder of the server's computer, and says what became of it.
function Add() {
  const [path, setPath] = useState("");
  const [result, setResult] = useState([]);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const add = (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    setResult([]);
    post("/api/videos", { path }).then(({ sentences }) => { setResult(sentences); setPath(""); return loadLibrary(); }, setError)
      .finally(() => setBusy(false));
  };
  return html`<form class="bar" onSubmit=${add}><label class="wide">${t("add_videos")}
      <input value=${path} onInput=${(e) => setPath(e.target.value)} maxlength="4096" /></label>
      <button disabled=${!path.trim() || busy}>${busy ? t("waiting") : t("add")}</button></form>
    <${Problem} error=${error} />
    <div role="status">${result.map((said) => html`<p key=${said.text} class=${said.weight === "fact" ? "hint" : "problem"}>${told(said)}</p>`)}</div>`;
}

export function LibraryScreen() {
  const { library, labels, wrong, jobs } = useStore();
  const { data: waiting } = useLoaded(() => get("/api/proposals"), [labels, jobs]);
  const [wanted, want] = useState("");
  const shown = wantedOf(library.videos, wanted);
  const counts = new Map();
  const reviewed = reviewedSeconds(labels);
  for (const { video, label } of labels) if (label !== REVIEWED) counts.set(video, (counts.get(video) ?? 0) + 1);
  return html`<h1>${t("screen_library")}</h1>
    <p>${t("library_about", { count: library.videos.length, root: library.name })}
      ${library.due.length > 0 && html` <span class="hint">${t("due", { steps: library.due.map(stepName).join(", ") })}</span>`}</p>
    ${library.problems.map((said) => html`<p class="problem" key=${said.text}>${told(said)}</p>`)}
    ${wrong.slice(0, SHOWN).map((row) => html`<p class="problem" key=${row}>labels.csv, ${row}</p>`)}
    <${Add} />
    <${Work} due=${library.due.length > 0} />
    ${!library.videos.length && html`<p class="hint">${t("no_videos")}</p>`}
    <label class="field">${t("filter")} <input type="search" value=${wanted} onInput=${(e) => want(e.target.value)} /></label>
    <ul class="videos">${shown.slice(0, SHOWN).map((v) => html`<li key=${v.video} class="video">
      ${v.crops ? html`<${Strip} video=${v} />` : !v.error && html`<div class="strip empty">${t("no_crops")}</div>`}
      <div class="about"><h2>${v.frames ? html`<a href=${`#/watch/${encodeURIComponent(v.video)}`}>${v.video}</a>` : v.video}</h2>
        ${v.frames > 0 && html`<p>${clock(v.duration_s, 0)} · ${v.width} × ${v.height} · ${t("labels_count", { count: counts.get(v.video) ?? 0 })}
          ${waiting?.[v.video] ? html` · ${t("proposals", { count: waiting[v.video] })}` : null}
          ${reviewed.get(v.video) ? html` · ${t("reviewed_share",
            { share: Math.round((100 * reviewed.get(v.video)) / (v.duration_s || 1)) })}` : null}</p>`}
        ${v.error && html`<p class="problem">${told({ text: v.error })}</p>`}
        ${v.warning && html`<p class="hint">${told({ text: v.warning })}</p>`}
        ${v.due.length > 0 && html`<p class="hint">${t("due", { steps: v.due.map(stepName).join(", ") })}</p>`}
        ${v.tracks && html`<p><a href=${`#/athlete/${encodeURIComponent(v.video)}`}>${t("who_is_followed")}</a></p>`}</div></li>`)}</ul>
    ${shown.length > SHOWN && html`<p class="hint">${t("more_videos", { count: shown.length - SHOWN })}</p>`}`;
}

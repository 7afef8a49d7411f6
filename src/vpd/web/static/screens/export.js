// Labels or detections as files of other programs, clips and a reel.

import { html, useState, Notes, Problem, say } from "../ui.js";
import { finished, post } from "../api.js";
import { useStore } from "../store.js";
import { t } from "../i18n.js";

export function ExportScreen() {
  const { library, classes } = useStore();
  const [what, setWhat] = useState("labels");
  const [format, setFormat] = useState(library.formats[0] ?? "csv");
  const [wanted, want] = useState(new Set());
  const [video, setVideo] = useState("");
  const [score, setScore] = useState(0);
  const [result, set] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(null);
  const write = (output) => {
    set(null);
    setError(null);
    setBusy({ fraction: 0 });
    post("/api/export", { what, output, format, classes: [...wanted], videos: video ? [video] : [], score })
      .then(({ job }) => finished(job.id, setBusy)).then(({ result: r }) => { set(r); say(t("written", { path: r.folder })); })
      .catch(setError).finally(() => setBusy(null));
  };
  const toggle = (name) => {
    const next = new Set(wanted);
    if (!next.delete(name)) next.add(name);
    want(next);
  };
  return html`<h1>${t("screen_export")}</h1>
    <fieldset><legend>${t("what")}</legend>${["labels", "detections"].map((w) => html`<label class="check" key=${w}><input type="radio" name="what" checked=${what === w} onChange=${() => setWhat(w)} /> ${t(`what_${w}`)}</label>`)}
      ${what === "detections" && html`<label>${t("threshold")} <input type="range" min="0" max="1" step="0.01" value=${score} onInput=${(e) => setScore(Number(e.target.value))} /> ${score.toFixed(2)}</label>`}</fieldset>
    <fieldset><legend>${t("classes_wanted")}</legend>${classes.length ? classes.map((name) => html`<label class="check" key=${name}><input type="checkbox" checked=${wanted.has(name)} onChange=${() => toggle(name)} /> <bdi>${name}</bdi></label>`) : t("no_labels")}
      <p class="hint">${t("none_means_all")}</p></fieldset>
    <p><label>${t("video")} <select value=${video} onChange=${(e) => setVideo(e.target.value)}><option value="">${t("which_all")}</option>
      ${library.videos.map((v) => html`<option value=${v.video}>${v.video}</option>`)}</select></label></p>
    <div class="bar"><label>${t("format")} <select value=${format} onChange=${(e) => setFormat(e.target.value)}>${library.formats.map((f) => html`<option value=${f}>${f}</option>`)}</select></label>
      <button class="main" disabled=${Boolean(busy)} onClick=${() => write("file")}>${t("export_file")}</button>
      <button disabled=${Boolean(busy)} onClick=${() => write("clips")}>${t("export_clips")}</button>
      <button disabled=${Boolean(busy)} onClick=${() => write("reel")}>${t("export_reel")}</button>
      <button disabled=${Boolean(busy)} onClick=${() => write("playlist")}>${t("export_playlist")}</button>
      ${busy && html`<progress max="1" value=${busy.fraction} aria-label=${t("making")}></progress>${busy.state === "waiting" && html`<span role="status">${t("queued")}</span>`}`}</div>
    <${Problem} error=${error} />
    ${result && html`<p>${t("written", { path: result.folder })}</p><${Notes} notes=${result.notes} /><ul class="plain">${result.files.map((f) => html`<li key=${f.path}><a href=${`/api/results/${f.id}`} download=${f.name}>${f.name}</a></li>`)}</ul>
      ${result.files.filter((f) => f.name.endsWith("reel.mp4")).map((f) => html`<video controls src=${`/api/results/${f.id}`} class="reel" aria-label=${t("export_reel")}></video>`)}`}`;
}

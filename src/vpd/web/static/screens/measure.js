// How well the labels recognise: accuracy by the number of labels, confusion, what more labels would bring.

import { html, useState, Notes, Problem } from "../ui.js";
import { finished, post } from "../api.js";
import { reviewedSeconds, useStore, REVIEWED } from "../store.js";
import { t, told } from "../i18n.js";

function Curve({ rows }) {
  const width = 480;
  const height = 220;
  const x = (i) => 50 + (i * (width - 70)) / Math.max(1, rows.length - 1);
  const y = (v) => height - 30 - v * (height - 50);
  return html`<svg viewBox=${`0 0 ${width} ${height}`} class="plot" role="img" aria-label=${t("learning_curve")}>
    ${[0, 0.25, 0.5, 0.75, 1].map((v) => html`<g key=${v}><line x1="50" x2=${width - 20} y1=${y(v)} y2=${y(v)} class="grid-line" />
      <text x="44" y=${y(v) + 4} text-anchor="end">${100 * v} %</text></g>`)}
    <path class="band" d=${`M${rows.map((r, i) => `${x(i)},${y(r.high95)}`).join("L")}L${rows.map((r, i) => [x(i), y(r.low95)]).reverse().map((p) => p.join(",")).join("L")}Z`} />
    <polyline class="line" points=${rows.map((r, i) => `${x(i)},${y(r.mean)}`).join(" ")} />
    ${rows.map((r, i) => html`<g key=${i}><circle cx=${x(i)} cy=${y(r.mean)} r="4" class="point" />
      <text x=${x(i)} y=${height - 10} text-anchor="middle">${r.k === "all" ? t("all") : r.k}</text></g>`)}</svg>`;
}

export function MeasureScreen() {
  const { labels, classes } = useStore();
  const [found, set] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(null);
  const counts = classes.map((name) => [name, labels.filter((l) => l.label === name).length]);
  const measure = () => {
    setError(null);
    setBusy({ fraction: 0 });
    post("/api/measure").then(({ job }) => finished(job.id, setBusy)).then(({ result }) => set(result)).catch(setError)
      .finally(() => setBusy(null));
  };
  return html`<h1>${t("screen_measure")}</h1>
    <section><h2>${t("labels_a_class")}</h2>
      ${counts.length ? html`<table><thead><tr><th scope="col">${t("class")}</th><th scope="col">${t("labels")}</th></tr></thead><tbody>
        ${counts.map(([name, count]) => html`<tr key=${name}><th scope="row"><bdi>${name}</bdi></th><td class=${count < 3 ? "problem" : ""}>${count}${count < 3 ? ` – ${t("too_few")}` : ""}</td></tr>`)}</tbody></table>`
        : html`<p class="hint">${t("no_labels")}</p>`}
      <p>${t("reviewed_total", { minutes: ([...reviewedSeconds(labels).values()].reduce((sum, s) => sum + s, 0) / 60).toFixed(1) })}</p></section>
    <section><h2>${t("accuracy")}</h2><p class="hint">${t("measure_hint")}</p>
      <p><button class="main" disabled=${Boolean(busy) || counts.length < 2} onClick=${measure}>${t("measure_now")}</button>
        ${busy && html` <progress max="1" value=${busy.fraction} aria-label=${t("measuring")}></progress> <span role="status">${busy.state === "waiting" ? t("queued") : busy.doing && told(busy.doing)}</span>`}</p>
      <${Problem} error=${error} />
      ${found && html`<p>${told(found.said)}</p><${Notes} notes=${found.notes} /><${Curve} rows=${found.accuracy} />
        <table><thead><tr><th scope="col">${t("examples_a_class")}</th><th scope="col">${t("accuracy")}</th><th scope="col">${t("interval")}</th></tr></thead>
          <tbody>${found.accuracy.map((r) => html`<tr key=${r.k}><th scope="row">${r.k === "all" ? t("all") : r.k}</th><td>${(100 * r.mean).toFixed(1)} %</td>
            <td>${(100 * r.low95).toFixed(1)} – ${(100 * r.high95).toFixed(1)} %</td></tr>`)}
            <tr><th scope="row">${t("chance")}</th><td>${(100 * found.chance).toFixed(1)} %</td><td></td></tr>
            <tr><th scope="row">${t("majority")}</th><td>${(100 * found.majority).toFixed(1)} %</td><td></td></tr></tbody></table>
        ${found.advice && html`<p>${told(found.advice)}</p>`}
        ${found.confusion && html`<h3>${t("confusion")}</h3><div class="scroll" tabindex="0" role="region" aria-label=${t("confusion")}><table class="confusion"><thead><tr><th scope="col">${t("true_class")}</th>
          ${found.confusion.classes.map((c) => html`<th scope="col" key=${c}><bdi>${c || t("without_features")}</bdi></th>`)}</tr></thead><tbody>
          ${found.confusion.rows.map((r, i) => found.confusion.classes[i] && html`<tr key=${i}><th scope="row"><bdi>${found.confusion.classes[i]}</bdi></th>${r.map((v, j) => html`<td key=${j} data-share=${Math.round(10 * v)}>${Math.round(100 * v)}</td>`)}</tr>`)}</tbody></table></div>`}`}</section>`;
}

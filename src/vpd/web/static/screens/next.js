// What to label next: name a few well-chosen moments, or verify a page of proposals at once.

import { html, useEffect, useLayoutEffect, useState, Problem, Waiting, say, sayError } from "../ui.js";
import { finished, post } from "../api.js";
import { useStore, loadLabels } from "../store.js";
import { Clip } from "../clip.js";
import { listen } from "../keys.js";
import { clock } from "../times.js";
import { t } from "../i18n.js";

export function NextScreen({ query }) {
  const { classes } = useStore();
  const [mode, setMode] = useState(query.mode ?? "name");
  const [page, set] = useState(null);
  const [error, setError] = useState(null);
  const [wrong, setWrong] = useState(new Set());
  const [place, setPlace] = useState(0);
  const [given, give] = useState({});
  const [fresh, setFresh] = useState("");

  const load = () => {
    set(null);
    setError(null);
    post("/api/next", { mode, n: 12 }).then(({ job }) => finished(job.id)).then(({ result }) => {
      set(result);
      setWrong(new Set());
      give({});
      setPlace(0);
    }).catch(setError);
  };
  useEffect(load, [mode]);
  const items = page?.items ?? [];

  const name = (label) => {
    if (!items[place]) return;
    give({ ...given, [items[place].id]: label });
    setPlace(Math.min(place + 1, items.length - 1));
  };
  const send = (answers) => post("/api/answers", { answers }).then(() => { loadLabels(); load(); }, sayError);
  const finish = () => {
    if (mode === "verify") {
      send(items.map((item) => ({ ...item, proposed: item.label, verdict: wrong.has(item.id) ? "rejected" : "accepted" })));
    } else {
      const answers = items.filter((item) => given[item.id]).map((item) => ({ ...item, proposed: item.label, ...(given[item.id] === "?"
        ? { verdict: "unsure" } : given[item.id] === "-" ? { verdict: "rejected" } : { label: given[item.id], verdict: "corrected" }) }));
      if (answers.length) send(answers);
      else say(t("name_first"));
    }
  };
  const toggle = (item) => {
    const next = new Set(wrong);
    if (!next.delete(item.id)) next.add(item.id);
    setWrong(next);
  };
  const others = new Set(Object.values(given).filter((v) => v !== "?" && v !== "-" && !classes.includes(v)));
  const names = [...classes, ...[...others].sort()];
  useLayoutEffect(() => listen({
    ...Object.fromEntries(names.slice(0, 10).map((label, i) => [`class_${i + 1}`, () => mode === "name" && name(label)])),
    accept: finish,
    reject: () => (mode === "verify" ? items[place] && toggle(items[place]) : name("-")),
    unsure: () => mode === "name" && name("?"),
    next_item: () => setPlace(Math.min(place + 1, items.length - 1)),
    previous_item: () => setPlace(Math.max(place - 1, 0)),
    next_frame: () => setPlace(Math.min(place + 1, items.length - 1)),
    previous_frame: () => setPlace(Math.max(place - 1, 0)),
  }));
  return html`<h1>${t("screen_next")}</h1>
    <div class="bar" role="group" aria-label=${t("mode")}>${["name", "verify"].map((m) => html`<button key=${m}
      aria-pressed=${mode === m} onClick=${() => setMode(m)}>${t(`mode_${m}`)}</button>`)}
      <span class="hint">${t(`mode_${mode}_hint`)}</span></div>
    <${Problem} error=${error} />
    ${!page && !error && html`<${Waiting} />`}
    ${page && html`<p>${page.about}</p>${(page.notes ?? []).map((note) => html`<p class="hint" key=${note}>${note}</p>`)}
      ${page.accuracy && html`<p>${t("accuracy_now", { accuracy: Math.round(100 * page.accuracy.mean),
        low: Math.round(100 * page.accuracy.low), high: Math.round(100 * page.accuracy.high), count: page.accuracy.count })}</p>`}
      ${page.few.length > 0 && html`<p class="problem">${t("few_labels", { classes: page.few.join(", ") })}</p>`}
      ${!items.length && html`<p>${t("nothing_to_ask")}</p>`}
      <ol class="grid" aria-label=${t("queue")}>${items.map((item, i) => html`<li key=${item.id} class="card"
          data-current=${i === place} data-wrong=${wrong.has(item.id)}>
        <button class="picture" aria-current=${i === place ? "true" : null} aria-pressed=${mode === "verify" ? wrong.has(item.id) : null}
          onClick=${() => { setPlace(i); if (mode === "verify") toggle(item); }}
          aria-label=${t("item", { number: i + 1, video: item.video, time: clock(item.start_s, 2) })}>
          <${Clip} segment=${item} label="" /></button>
        <p>${mode === "verify" ? html`<bdi>${item.label}</bdi>${wrong.has(item.id) ? ` · ${t("wrong")}` : ""}`
          : given[item.id] ? html`<strong><bdi>${given[item.id] === "?" ? t("key_unsure") : given[item.id] === "-" ? t("no_action") : given[item.id]}</bdi></strong>`
          : item.label ? html`<small>${t("perhaps", { label: item.label })}</small>` : html`<small>${t("not_named")}</small>`}</p>
        <p><small>${t(`why_${item.why}`)}${item.covers ? ` · ${t("covers", { count: item.covers })}` : ""}</small></p>
        <p><a href=${`#/watch/${encodeURIComponent(item.video)}?t=${item.start_s}`}>${t("watch")}</a></p></li>`)}</ol>
      ${mode === "name" && items.length > 0 && html`<div class="bar classes">${names.map((label, i) => html`<button key=${label} onClick=${() => name(label)}>
        ${i < 10 && html`<kbd>${(i + 1) % 10}</kbd> `}<bdi>${label}</bdi></button>`)}
        <form onSubmit=${(e) => { e.preventDefault(); if (fresh.trim()) { name(fresh.trim()); setFresh(""); } }}>
          <label>${t("new_class")} <input value=${fresh} onInput=${(e) => setFresh(e.target.value)} maxlength="200" /></label>
          <button disabled=${!fresh.trim()}>${t("add")}</button></form>
        <button onClick=${() => name("-")}>${t("no_action")} <kbd>X</kbd></button>
        <button onClick=${() => name("?")}>${t("key_unsure")} <kbd>U</kbd></button></div>`}
      ${items.length > 0 && html`<p><button class="main" onClick=${finish}>${mode === "verify"
        ? t("accept_page", { right: items.length - wrong.size, wrong: wrong.size }) : t("keep_answers")} <kbd>Enter</kbd></button></p>`}`}`;
}

// What to label next: name a few well-chosen moments, or verify proposals, class by class, at once.

import { html, useEffect, useLayoutEffect, useState, Notes, Problem, Waiting, say, sayError } from "../ui.js";
import { finished, post } from "../api.js";
import { useStore, loadLabels } from "../store.js";
import { Clip } from "../clip.js";
import { CLASS_KEYS, listen } from "../keys.js";
import { clock } from "../times.js";
import { t, told } from "../i18n.js";

// What is said of an item beside the name of a class.
const NO_ACTION = "-";
const UNSURE = "?";
const OTHER = "!";  // another class than was proposed
const MARKS = { [NO_ACTION]: "no_action", [UNSURE]: "key_unsure", [OTHER]: "other_class" };
const VERDICTS = { [NO_ACTION]: "rejected", [UNSURE]: "unsure", [OTHER]: "other" };
const PAGE = { name: 12, verify: 24 };

// The answer to an item of which `said` was said; a proposal that nothing is said of is accepted.
function answerOf(item, said) {
  const asked = { ...item, proposed: item.label };
  if (VERDICTS[said]) return { ...asked, verdict: VERDICTS[said] };
  return said && said !== item.label ? { ...asked, label: said, verdict: "corrected" } : { ...asked, verdict: "accepted" };
}

// Items of one class after the other: [{ label, items: [[place, item], ...] }].
function groupsOf(items) {
  const groups = [];
  items.forEach((item, place) => {
    if (groups.at(-1)?.label !== item.label) groups.push({ label: item.label, items: [] });
    groups.at(-1).items.push([place, item]);
  });
  return groups;
}

export function NextScreen({ query }) {
  const { classes } = useStore();
  const [mode, setMode] = useState(query.mode === "verify" ? "verify" : "name");
  const [page, set] = useState(null);
  const [error, setError] = useState(null);
  const [place, setPlace] = useState(0);
  const [given, give] = useState({});
  const [fresh, setFresh] = useState("");

  const load = () => {
    set(null);
    setError(null);
    post("/api/next", { mode, n: PAGE[mode] }).then(({ job }) => finished(job.id)).then(({ result }) => {
      set(result);
      give({});
      setPlace(0);
    }).catch(setError);
  };
  useEffect(load, [mode]);
  useEffect(() => setMode(query.mode === "verify" ? "verify" : "name"), [query.mode]);
  const items = page?.items ?? [];

  const name = (label) => {
    if (!items[place]) return;
    give({ ...given, [items[place].id]: label });
    setPlace(Math.min(place + 1, items.length - 1));
  };
  const finish = () => {
    const answers = items.filter((item) => mode === "verify" || given[item.id]).map((item) => answerOf(item, given[item.id]));
    if (!answers.length) say(t("name_first"));
    else post("/api/answers", { answers }).then(() => { loadLabels(); load(); }, sayError);
  };
  const choose = (item, i) => {
    setPlace(i);
    if (mode === "verify") give({ ...given, [item.id]: given[item.id] ? undefined : OTHER });
  };
  const others = new Set(Object.values(given).filter((v) => v && !MARKS[v] && !classes.includes(v)));
  const names = [...classes, ...[...others].sort()];
  useLayoutEffect(() => listen({
    ...Object.fromEntries(names.slice(0, CLASS_KEYS.length).map((label, i) => [`class_${i + 1}`, () => name(label)])),
    accept: finish,
    reject: () => name(NO_ACTION),
    unsure: () => name(UNSURE),
    play: () => items[place] && choose(items[place], place),
    next_item: () => setPlace(Math.min(place + 1, items.length - 1)),
    previous_item: () => setPlace(Math.max(place - 1, 0)),
    next_frame: () => setPlace(Math.min(place + 1, items.length - 1)),
    previous_frame: () => setPlace(Math.max(place - 1, 0)),
  }));

  const saidOf = (item) => {
    const said = given[item.id];
    if (said) return html`<strong><bdi>${MARKS[said] ? t(MARKS[said]) : said}</bdi></strong>`;
    if (mode === "verify") return html`<bdi>${item.label}</bdi>`;
    return html`<small>${item.label ? t("perhaps", { label: item.label }) : t("not_named")}</small>`;
  };
  const card = ([i, item]) => html`<li key=${item.id} class="card" data-current=${i === place}
      data-wrong=${mode === "verify" && Boolean(given[item.id])}>
    <button class="picture" aria-current=${i === place ? "true" : null} aria-pressed=${mode === "verify" ? Boolean(given[item.id]) : null}
      onClick=${() => choose(item, i)}
      aria-label=${t("item", { number: i + 1, video: item.video, time: clock(item.start_s, 2) })}>
      <${Clip} segment=${item} label="" /></button>
    <p>${saidOf(item)}</p>
    ${mode === "name" && html`<p><small>${t(`why_${item.why}`)}${item.covers ? ` · ${t("covers", { count: item.covers })}` : ""}</small></p>`}
    <p><a href=${`#/watch/${encodeURIComponent(item.video)}?t=${item.start_s}`}>${t("watch")}</a></p></li>`;
  const groups = mode === "verify" ? groupsOf(items) : [{ label: t("queue"), items: items.map((item, i) => [i, item]) }];
  const right = items.filter((item) => !given[item.id]).length;
  return html`<h1>${t("screen_next")}</h1>
    <div class="bar" role="group" aria-label=${t("mode")}>${["name", "verify"].map((m) => html`<button key=${m}
      aria-pressed=${mode === m} onClick=${() => setMode(m)}>${t(`mode_${m}`)}</button>`)}
      <span class="hint">${t(`mode_${mode}_hint`)}</span></div>
    <${Problem} error=${error} />
    ${!page && !error && html`<${Waiting} />`}
    ${page && html`${page.said.map((sentence) => html`<p key=${sentence.key}>${told(sentence)}</p>`)}
      <${Notes} notes=${page.notes} />
      ${page.accuracy && html`<p>${t("accuracy_now", { accuracy: Math.round(100 * page.accuracy.mean),
        low: Math.round(100 * page.accuracy.low), high: Math.round(100 * page.accuracy.high), count: page.accuracy.count })}</p>`}
      ${page.few.length > 0 && html`<p class="problem">${t("few_labels", { classes: page.few.join(", ") })}</p>`}
      ${!items.length && (mode === "name" || (page.proposes && !page.owed)) && html`<p>${t("nothing_to_ask")}</p>`}
      ${items.length > 0 && groups.map(({ label, items: own }) => html`<section key=${label} aria-label=${label}>
        ${mode === "verify" && html`<h2><bdi>${t("group_of", { label, count: own.length })}</bdi></h2>`}
        <ol class="grid" aria-label=${label}>${own.map(card)}</ol></section>`)}
      ${items.length > 0 && html`<div class="bar classes">${names.map((label, i) => html`<button key=${label} onClick=${() => name(label)}>
        ${CLASS_KEYS[i] && html`<kbd>${CLASS_KEYS[i]}</kbd> `}<bdi>${label}</bdi></button>`)}
        <form onSubmit=${(e) => { e.preventDefault(); if (fresh.trim()) { name(fresh.trim()); setFresh(""); } }}>
          <label>${t("new_class")} <input value=${fresh} onInput=${(e) => setFresh(e.target.value)} maxlength="200" /></label>
          <button disabled=${!fresh.trim()}>${t("add")}</button></form>
        <button onClick=${() => name(NO_ACTION)}>${t("no_action")} <kbd>X</kbd></button>
        <button onClick=${() => name(UNSURE)}>${t("key_unsure")} <kbd>U</kbd></button></div>
        <p><button class="main" onClick=${finish}>${mode === "verify" ? t("accept_proposals", { right }) : t("keep_answers")} <kbd>Enter</kbd></button></p>`}`}`;
}

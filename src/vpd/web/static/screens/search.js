// Search by example: results play in step with the query; more like these, less like those.

import { html, useEffect, useLayoutEffect, useMemo, useState, Notes, Problem, say, sayError } from "../ui.js";
import { finished, post } from "../api.js";
import { addLabels, useStore } from "../store.js";
import { Clip } from "../clip.js";
import { listen } from "../keys.js";
import { clock } from "../times.js";
import { t, told } from "../i18n.js";

const spanText = (s) => `${s.video}@${s.start_s}-${s.end_s}${s.athlete != null ? `#${s.athlete}` : ""}`;
const keyOf = (s) => `${s.video} ${s.athlete} ${s.start_s.toFixed(3)} ${s.end_s.toFixed(3)}`;

export function SearchScreen({ query }) {
  const { labels, classes, library } = useStore();
  const [text, setText] = useState(query.q ?? "");
  const [positive, setPositive] = useState(query.q ? [query.q] : []);
  const [negative, setNegative] = useState([]);
  const [uncut, setUncut] = useState(true);
  const [top, setTop] = useState(24);
  const [found, set] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [chosen, choose] = useState(new Set());
  const [label, setLabel] = useState("");
  const [filter, setFilter] = useState({ video: "", most: 1, which: "all", athlete: "" });

  const ask = (more = positive, less = negative) => {
    if (!more.length) return;
    setBusy(true);
    setError(null);
    post("/api/search", { positive: more, negative: less, uncut, top })
      .then(({ job }) => finished(job.id))
      .then(({ result }) => {
        set(result);
        choose(new Set());
        sessionStorage.setItem("vpd.hits", JSON.stringify(result.results));
      })
      .catch(setError)
      .finally(() => setBusy(false));
  };
  useEffect(() => { ask(); }, [uncut, top]);
  const results = useMemo(() => {
    const rows = found?.results ?? [];
    const worst = Math.max(...rows.map((r) => r.distance ?? 0), 1e-9);
    const asWanted = (r) => filter.which === "all" || Boolean(r.label) === (filter.which === "labelled");
    const ofAthlete = (r) => filter.athlete === "" || String(r.athlete) === filter.athlete;
    return rows.filter((r) => asWanted(r) && ofAthlete(r) && r.video.includes(filter.video) && (r.distance ?? Infinity) <= worst * filter.most);
  }, [found, filter]);
  const toggle = (r) => {
    const next = new Set(chosen);
    if (!next.delete(keyOf(r))) next.add(keyOf(r));
    choose(next);
  };
  const picked = () => results.filter((r) => chosen.has(keyOf(r)));
  const more = () => {
    const next = [...positive, ...picked().map(spanText)];
    setPositive(next);
    ask(next, negative);
  };
  const less = () => {
    const next = [...negative, ...picked().map(spanText)];
    setNegative(next);
    ask(positive, next);
  };
  const together = () => {
    sessionStorage.setItem("vpd.pair", JSON.stringify([found.queries[picked()[0].query], ...picked()]));
    location.hash = "#/compare";
  };
  const name = (rows) => {
    if (!label.trim() || !rows.length) return;
    addLabels(rows.map((r) => ({ ...r, label: label.trim() })), "search")
      .then(() => say(t("labelled_many", { count: rows.length, label })), () => {});
  };
  useLayoutEffect(() => listen({
    accept: () => name(chosen.size ? picked() : results),
    filter: () => document.getElementById("filter-video")?.focus(),
    leave: () => choose(new Set()),
  }));
  const queries = found?.queries ?? [];
  const athletes = [...new Set((found?.results ?? []).map((r) => String(r.athlete)))].sort();
  return html`<h1>${t("screen_search")}</h1>
    <form class="bar" onSubmit=${(e) => { e.preventDefault(); setPositive([text]); setNegative([]); ask([text], []); }}>
      <label>${t("query")} <input value=${text} onInput=${(e) => setText(e.target.value)} size="34" list="known-spans"
        placeholder="match_1@62.5-64" /></label>
      <datalist id="known-spans">${labels.slice(0, 200).map((l) => html`<option value=${spanText(l)}>${l.label}</option>`)}</datalist>
      <button disabled=${!text.trim() || busy}>${t("search")}</button>
      <label class="check"><input type="checkbox" checked=${uncut} onChange=${(e) => setUncut(e.target.checked)} /> ${t("uncut")}</label>
      <label>${t("results_wanted")} <select value=${String(top)} onChange=${(e) => setTop(Number(e.target.value))}>
        ${[12, 24, 48, 96].map((n) => html`<option value=${String(n)}>${n}</option>`)}</select></label></form>
    <${Problem} error=${error} />
    ${busy && html`<p role="status">${t("searching")}</p>`}
    ${!found && !busy && html`<p class="hint">${t("search_hint")}</p>`}
    ${found && html`<p>${told(found.said)}</p><${Notes} notes=${found.notes} />
      <div class="bar" role="group" aria-label=${t("queries")}>${queries.map((q) => html`<figure class="card" key=${keyOf(q)}>
        <${Clip} segment=${q} label=${t("query_clip", { video: q.video })} />
        <figcaption>${t("query")}: <bdi>${q.video}</bdi> ${clock(q.start_s, 2)}</figcaption></figure>`)}
        ${negative.length > 0 && html`<p class="hint">${t("less_count", { count: negative.length })}</p>`}</div>
      <div class="bar"><label>${t("filter")} <input id="filter-video" value=${filter.video}
          onInput=${(e) => setFilter({ ...filter, video: e.target.value })} /></label>
        <label>${t("which")} <select value=${filter.which} onChange=${(e) => setFilter({ ...filter, which: e.target.value })}>
          ${["all", "open", "labelled"].map((w) => html`<option value=${w}>${t(`which_${w}`)}</option>`)}</select></label>
        ${athletes.length > 1 && html`<label>${t("athlete")} <select value=${filter.athlete}
          onChange=${(e) => setFilter({ ...filter, athlete: e.target.value })}><option value="">${t("which_all")}</option>
          ${athletes.map((a) => html`<option value=${a}>${a}</option>`)}</select></label>`}
        <label>${t("nearest_share")} <input type="range" min="0.05" max="1" step="0.01" value=${filter.most}
          onInput=${(e) => setFilter({ ...filter, most: Number(e.target.value) })} /></label>
        <button disabled=${!chosen.size} onClick=${more}>${t("more_like")}</button>
        <button disabled=${!chosen.size} onClick=${less}>${t("less_like")}</button>
        <button disabled=${!chosen.size} onClick=${together}>${t("compare_chosen")}</button>
        <label>${t("label_as")} <input value=${label} list="class-names" onInput=${(e) => setLabel(e.target.value)} /></label>
        <datalist id="class-names">${classes.map((c) => html`<option value=${c} />`)}</datalist>
        <button disabled=${!label.trim()} onClick=${() => name(chosen.size ? picked() : results)}>
          ${chosen.size ? t("label_chosen", { count: chosen.size }) : t("label_all", { count: results.length })}</button></div>
      <ol class="grid" aria-label=${t("results")}>${results.map((r) => html`<li key=${keyOf(r)} class="card"
          data-chosen=${chosen.has(keyOf(r))}>
        <button class="picture" aria-pressed=${chosen.has(keyOf(r))} onClick=${() => toggle(r)}
          aria-label=${t("choose_result", { rank: r.rank, video: r.video, time: clock(r.start_s, 2) })}>
          <${Clip} segment=${r} leader=${queries[r.query]} path=${r} mirrored=${r.mirrored} label="" /></button>
        <p><strong>${r.rank}</strong> <bdi>${r.video}</bdi> ${clock(r.start_s, 2)}${r.label ? html` · <bdi>${r.label}</bdi>` : ""}</p>
        <p><small>${r.distance === null ? t("no_path") : t("distance", { distance: r.distance.toFixed(3) })}
          ${r.tempo ? ` · ${r.tempo.toFixed(2)}\u00a0×` : ""}${r.mirrored ? ` · ${t("mirrored")}` : ""}</small></p>
        <p><a href=${`#/watch/${encodeURIComponent(r.video)}?t=${r.start_s}`}>${t("watch")}</a>
          <a href="#/compare" onClick=${() => sessionStorage.setItem("vpd.pair", JSON.stringify([queries[r.query], r]))}>
          ${t("compare")}</a></p></li>`)}</ol>
      ${!results.length && html`<p>${t("nothing_left")}</p>`}`}`;
}

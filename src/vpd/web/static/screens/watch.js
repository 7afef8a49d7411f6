// Watch and label: player, timeline, labels, proposals.

import { html, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState, colourOf, say, sayError, useLoaded, Problem }
  from "../ui.js";
import { finished, get, post, videoUrl } from "../api.js";
import { addLabel, editLabel, redo, removeLabel, undo, useStore, REVIEWED } from "../store.js";
import { Player } from "../player.js";
import { Timeline, View, longestOf } from "../timeline.js";
import { Overlay } from "../overlay.js";
import { FrameStrip } from "../strip.js";
import { Choice } from "../choice.js";
import { CLASS_KEYS, listen, reactionSeconds } from "../keys.js";
import { clock, endOf, frameAt, parseClock } from "../times.js";
import { stepName, t, told } from "../i18n.js";

const BINS = 4000;
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];
const HOP = 10;
const NONE = [];

function usePlayer(video, start) {
  const element = useRef();
  const image = useRef();
  const player = useRef();
  const [, again] = useReducer((n) => n + 1, 0);
  const [error, setError] = useState(null);
  useLayoutEffect(() => {  // there before the first key is heard
    player.current = new Player(element.current, image.current);
    window.vpdPlayer = player.current;
    player.current.addEventListener("frame", again);
    player.current.addEventListener("state", again);
    again();
    return () => player.current.close();
  }, []);
  useEffect(() => {
    setError(null);
    player.current.open(video)
      .then(() => (Number.isFinite(start) ? player.current.seekTo(start) : null))
      .then(again, setError);
  }, [video]);
  return { element, image, player, error };
}

// The place of a click in pixels of the upright picture; the picture is as large as the stage lets it be.
function placeIn(event, row) {
  const stage = event.currentTarget.getBoundingClientRect();
  const scale = Math.min(stage.width / row.width, stage.height / row.height);
  return {
    x: (event.clientX - stage.left - (stage.width - scale * row.width) / 2) / scale,
    y: (event.clientY - stage.top - (stage.height - scale * row.height) / 2) / scale,
  };
}

// The span that a class key marks: with lead and lag one press makes it, without the second press ends it.
function spanOf(kind, frame, player) {
  const seconds = player.times[frame];
  if (kind.kind === "point") return { start_s: seconds, end_s: endOf(player.times, frame) };
  if (kind.lead_s || kind.lag_s) {
    return { start_s: Math.max(0, seconds - kind.lead_s), end_s: Math.min(seconds + kind.lag_s, endOf(player.times, player.count - 1)) };
  }
  return null;
}

export function WatchScreen({ argument: video, query }) {
  const { library } = useStore();
  if (!video) {
    return html`<${Choice} screen="watch" fits=${(v) => v.frames > 0} none="none_read" />`;
  }
  const row = library.videos.find((v) => v.video === video);
  if (!row) return html`<h1>${t("screen_watch")}</h1><${Problem} error=${t("no_video", { video })} />`;
  if (!row.frames) return html`<h1>${video}</h1><${Problem} error=${row.error ? told({ text: row.error }) : t("not_scanned")} />`;
  return html`<${Watch} key=${video} row=${row} start=${Number(query.t ?? NaN)} />`;
}

function Watch({ row, start }) {
  const video = row.video;
  const { labels, classes, library, saving, jobs } = useStore();
  const { element, image, player, error } = usePlayer(video, start);
  const { data: lanes } = useLoaded(() => get(videoUrl(video, `lanes?bins=${BINS}`)), [video]);
  const { data: found, again: loadProposals } = useLoaded(() => get(videoUrl(video, "proposals")), [video, jobs]);
  const view = useMemo(() => new View(row.start_s, Math.max(row.end_s, row.start_s + 0.1)), [video]);
  const [, redraw] = useReducer((n) => n + 1, 0);
  const [selected, select] = useState(null);
  const [edge, setEdge] = useState("start_s");
  const [span, setSpan] = useState(null);
  const [open, setOpen] = useState(null);
  const [threshold, setThreshold] = useState(0);
  const [overlays, showOverlays] = useState(true);
  const [athlete, setAthlete] = useState(0);
  const [newClass, setNewClass] = useState("");
  const [picking, setPicking] = useState(false);
  const now = player.current;
  const seconds = now?.seconds ?? row.start_s;
  const frame = now?.frame ?? 0;
  const own = useMemo(() => labels.filter((l) => l.video === video && l.label !== REVIEWED), [labels, video]);
  const reviewed = useMemo(() => labels.filter((l) => l.video === video && l.label === REVIEWED), [labels, video]);
  const proposals = found?.proposals ?? NONE;
  const current = own.find((l) => l.id === selected?.id) ?? proposals.find((p) => p.id === selected?.id) ?? null;
  const hits = useMemo(() => JSON.parse(sessionStorage.getItem("vpd.hits") ?? "[]").filter((h) => h.video === video), [video]);
  const names = [...classes, ...[...new Set(proposals.map((p) => p.label))].filter((name) => !classes.includes(name)).sort()];
  const shots = lanes?.shots ?? NONE;
  const spans = { labels: own, proposals, reviewed, hits, shots };
  const longest = useMemo(() => Object.fromEntries(Object.entries(spans).map(([k, v]) => [k, longestOf(v)])),
    [own, proposals, reviewed, hits, shots]);
  const data = {
    ...spans, presence: lanes?.presence, energy: lanes?.energy, bins: row, classes: names, threshold, selected: current,
    span: span ?? (open ? { start_s: Math.min(open.start_s, seconds), end_s: Math.max(open.start_s, seconds) } : null),
    playhead: seconds, longest,
  };
  const athletes = lanes?.athletes ?? [0];

  const moment = () => (now.playing ? Math.max(row.start_s, seconds - reactionSeconds() * now.rate) : seconds);
  const kindOf = (name) => library.classes.find((c) => c.name === name) ?? { kind: "interval", lead_s: 0, lag_s: 0 };
  const add = (name) => {
    if (!name) return;
    const kind = kindOf(name);
    const at = moment();
    const base = { video, athlete: athletes.length > 1 ? athlete : null, label: name };
    const ready = span ?? spanOf(kind, frameAt(now.times, at), now);
    if (ready) { setSpan(null); setOpen(null); keep({ ...base, ...ready }); return; }
    if (open?.label === name) {
      const end = endOf(now.times, frameAt(now.times, at));
      setOpen(null);
      keep({ ...base, start_s: Math.min(open.start_s, at), end_s: Math.max(open.start_s + 1e-3, end) });
    } else {
      setOpen({ label: name, start_s: at });
      say(t("begun", { label: name, time: clock(at) }));
    }
  };
  const keep = (label) => addLabel(label).then((r) => { select(r.label); say(t("labelled", { label: label.label })); },
    () => {});
  const isLabel = current && own.some((l) => l.id === current.id);
  const change = (changes) => { if (isLabel) editLabel(current, changes).then((r) => select(r.label), () => {}); };
  const nudge = (frames) => {
    if (!isLabel) return;
    const at = frameAt(now.times, current[edge] + (edge === "end_s" ? -1e-4 : 1e-4)) + frames;
    const to = Math.min(Math.max(0, at), now.count - 1);
    const value = edge === "end_s" ? endOf(now.times, to) : now.times[to];
    if (edge === "start_s" ? value < current.end_s : value > current.start_s) { now.show(to); change({ [edge]: value }); }
  };
  const setTo = (which) => {
    if (!isLabel) {
      const value = which === "end_s" ? endOf(now.times, frame) : seconds;
      const other = span ?? { start_s: value, end_s: endOf(now.times, frame) };
      const next = { ...other, [which]: value };
      if (next.end_s > next.start_s) setSpan(next);
      return;
    }
    const value = which === "end_s" ? endOf(now.times, frame) : seconds;
    if (which === "start_s" ? value < current.end_s : value > current.start_s) change({ [which]: value });
  };
  const jump = (list, by) => {
    const places = list.map((s) => s.start_s).sort((a, b) => a - b);
    const to = by > 0 ? places.find((s) => s > seconds + 1e-3) : places.filter((s) => s < seconds - 1e-3).at(-1);
    if (to === undefined) return;
    now.seekTo(to);
    view.reveal(to);
    select(list.find((s) => s.start_s === to));
  };
  const answer = (verdict) => {
    if (!current || isLabel || !proposals.includes(current)) return;
    post("/api/answers", { answers: [{ ...current, proposed: current.label, verdict }] }).then(() => {
      loadProposals();
      say(t(`said_${verdict}`, { label: current.label }));
      jump(proposals.filter((p) => p !== current && p.score >= threshold), 1);
    }, sayError);
  };
  const speed = (by) => {
    const place = SPEEDS.findIndex((s) => s >= Math.abs(now.rate) - 1e-9);
    now.rate = SPEEDS[Math.min(Math.max(0, place + by), SPEEDS.length - 1)];
    if (now.playing) now.play(now.rate);
    redraw();
  };
  const loop = () => {
    const what = current ?? span;
    now.loop = now.loop || !what ? null : [what.start_s, what.end_s];
    if (now.loop) { now.seekTo(now.loop[0]).then(() => now.play()); }
    redraw();
  };
  const searchLike = () => {
    const what = span ?? current;
    if (what) location.hash = `#/search?q=${encodeURIComponent(`${video}@${what.start_s}-${what.end_s}${what.athlete != null ? `#${what.athlete}` : ""}`)}`;
    else say(t("mark_first"));
  };
  const review = () => {
    const what = span ?? { start_s: view.start, end_s: view.end };
    addLabel({ video, athlete: null, label: REVIEWED, ...what }).then(() => { setSpan(null); say(t("reviewed_said")); }, () => {});
  };
  const pickAthlete = () => { setPicking(true); say(t("pick_now")); };
  const pickAt = (event) => {
    if (!picking) return;
    setPicking(false);
    post("/api/picks", { video, time_s: seconds, ...placeIn(event, row), athlete }).then(() => say(t("pick_kept")), sayError);
  };
  const goTo = () => document.getElementById("go-to").focus();
  const learn = () => {
    post("/api/learn", { videos: [video] })
      .then(({ job }) => finished(job.id, (j) => say(`${t("learning")} ${Math.round(100 * j.fraction)} % ${j.doing ? told(j.doing) : ""}`)))
      .then(({ result }) => { loadProposals();
        say([result.found ? t("learned", { count: result.found }) : t("learned_none"), ...result.notes.map(told)].join(" ")); }, sayError);
  };

  useLayoutEffect(() => {
    const numbered = Object.fromEntries(names.slice(0, CLASS_KEYS.length).map((name, i) => [`class_${i + 1}`, () => add(name)]));
    return listen({
      ...numbered,
      play: () => now.toggle(), faster: () => now.play(now.playing ? Math.min(4, now.rate * 2) : 1),
      reverse: () => now.play(-1),
      next_frame: () => now.step(1), previous_frame: () => now.step(-1),
      next_frames: () => now.step(HOP), previous_frames: () => now.step(-HOP),
      next_second: () => now.seekTo(seconds + 1), previous_second: () => now.seekTo(seconds - 1),
      to_start: () => now.seekTo(current?.start_s ?? row.start_s),
      to_end: () => now.show(frameAt(now.times, (current?.end_s ?? row.end_s) - 1e-4)),
      next_label: () => jump(own, 1), previous_label: () => jump(own, -1),
      next_item: () => jump(proposals.filter((p) => p.score >= threshold), 1),
      previous_item: () => jump(proposals.filter((p) => p.score >= threshold), -1),
      accept: () => answer("accepted"), reject: () => answer("rejected"), unsure: () => answer("unsure"),
      set_start: () => setTo("start_s"), set_end: () => setTo("end_s"),
      edge_earlier: () => nudge(-1), edge_later: () => nudge(1),
      edge_much_earlier: () => nudge(-5), edge_much_later: () => nudge(5),
      other_edge: () => setEdge(edge === "start_s" ? "end_s" : "start_s"),
      loop, slower: () => speed(-1), quicker: () => speed(1), search: searchLike,
      compare: () => { if (current) { sessionStorage.setItem("vpd.pair", JSON.stringify([current])); location.hash = "#/compare"; } },
      next_athlete: () => setAthlete(athletes[(athletes.indexOf(athlete) + 1) % athletes.length]),
      pick_athlete: pickAthlete, reviewed: review, undo: () => undo().catch(() => {}), redo: () => redo().catch(() => {}),
      delete: () => { if (isLabel) removeLabel(current).then(() => select(null), () => {}); },
      go_to: goTo, overlays: () => showOverlays(!overlays),
      full_screen: () => (document.fullscreenElement ? document.exitFullscreen() : element.current.parentElement.requestFullscreen()),
      leave: () => { setSpan(null); setOpen(null); setPicking(false); select(null); if (now) now.loop = null; redraw(); },
    });
  });

  // Not drawn anew with every frame that plays.
  const rows = useMemo(() => own.slice(0, 400).map((l) => html`<li key=${l.id}><button class="row"
    aria-pressed=${l.id === current?.id} onClick=${() => { select(l); player.current.seekTo(l.start_s); view.reveal(l.start_s); redraw(); }}>
    <span class="dot" style=${`--class:${colourOf(l.label, names)}`}></span>
    <bdi>${l.label}</bdi> <small>${clock(l.start_s, 2)} – ${clock(l.end_s, 2)}</small></button></li>`), [own, current?.id, names.join("\n")]);

  const status = { exact: "exact", playing: "playing", seeking: "seeking", opening: "opening", proxy: "proxy_making", failed: "failed" };
  return html`<div class="watch">
    <div class="left">
      <h1>${video}</h1>
      <div class="stage" style=${`aspect-ratio:${row.width} / ${row.height}`} data-picking=${picking} onClick=${pickAt}>
        <video ref=${element} aria-label=${video}></video><img ref=${image} hidden alt="" />
        ${overlays && now?.count > 0 && html`<${Overlay} video=${video} row=${row} seconds=${seconds} athlete=${athlete} />`}
      </div>
      <${Problem} error=${error ?? (now?.state === "failed" ? now.problem || t("cannot_show") : null)} />
      <div class="bar" role="group" aria-label=${t("player")}>
        <button onClick=${() => now.step(-1)} aria-label=${t("key_previous_frame")}>◂</button>
        <button onClick=${() => now.toggle()}>${now?.playing ? t("pause") : t("play")}</button>
        <button onClick=${() => now.step(1)} aria-label=${t("key_next_frame")}>▸</button>
        <output class="time" data-frame=${frame} data-state=${now?.state}>${clock(seconds)} · ${t("frame", { frame })}</output>
        <span class="state">${t(`state_${status[now?.state] ?? "opening"}`)}${now?.source?.kind === "proxy" ? ` · ${told(now.source.why)}` : ""}</span>
        <label>${t("speed")} <select value=${String(Math.abs(now?.rate ?? 1))}
          onChange=${(e) => { now.rate = Number(e.target.value); if (now.playing) now.play(now.rate); redraw(); }}>
          ${SPEEDS.map((s) => html`<option value=${String(s)}>${s} ×</option>`)}</select></label>
        <button aria-pressed=${Boolean(now?.loop)} onClick=${loop}>${t("key_loop")}</button>
        <button aria-pressed=${overlays} onClick=${() => showOverlays(!overlays)}>${t("key_overlays")}</button>
        <button aria-pressed=${picking} onClick=${pickAthlete}>${t("who_is_followed")}</button>
        <label>${t("key_go_to")} <input id="go-to" size="8" placeholder="1:02.5" onKeyDown=${(e) => {
          if (e.key !== "Enter") return;
          const to = /^f\d+$/i.test(e.target.value) ? now.times[Math.min(now.count - 1, Number(e.target.value.slice(1)))] : parseClock(e.target.value);
          if (Number.isFinite(to)) { now.seekTo(to); view.reveal(to); e.target.blur(); } else say(t("not_a_time"), "error");
        }} /></label>
        ${athletes.length > 1 && html`<label>${t("athlete")} <select value=${String(athlete)}
          onChange=${(e) => setAthlete(Number(e.target.value))}>${athletes.map((a) => html`<option value=${String(a)}>${a}</option>`)}</select></label>`}
        <span role="status" class="saving">${saving ? t("saving") : t("saved")}</span>
      </div>
      <${Timeline} view=${view} data=${data} onSeek=${(s) => now?.seekTo(s)} onChange=${redraw}
        onSelect=${(s) => select(s)} onSpan=${setSpan} />
      ${isLabel && now?.count > 0 && html`<${FrameStrip} video=${video} times=${now.times} label=${current} edge=${edge}
        onEdge=${(value, n) => { now.show(n); change({ [edge]: value }); }} />`}
      <p class="hint">${t("timeline_hint")}</p>
    </div>
    <aside aria-label=${t("labels")}>
      <section aria-labelledby="label-as"><h2 id="label-as">${t("label_as")}</h2>
        <div class="classes">${names.map((name, i) => html`<button key=${name} class="class" onClick=${() => add(name)}
          title=${kindOf(name).help || null} aria-pressed=${open?.label === name} style=${`--class:${colourOf(name, names)}`}>
          ${CLASS_KEYS[i] && html`<kbd>${CLASS_KEYS[i]}</kbd> `}<bdi>${name}</bdi></button>`)}</div>
        <form onSubmit=${(e) => { e.preventDefault(); add(newClass.trim()); setNewClass(""); }}>
          <label>${t("new_class")} <input value=${newClass} onInput=${(e) => setNewClass(e.target.value)} maxlength="200" /></label>
          <button disabled=${!newClass.trim()}>${span ? t("add") : t("begin")}</button></form>
        ${open && html`<p role="status">${t("open_now", { label: open.label, time: clock(open.start_s) })}</p>`}
        ${span && html`<p role="status">${t("span_now", { start: clock(span.start_s), end: clock(span.end_s) })}</p>`}
        <p><button onClick=${searchLike}>${t("key_search")}</button>
          <button onClick=${review}>${t("key_reviewed")}</button>
          <button onClick=${learn}>${t("learn_detect")}</button></p></section>
      ${current && html`<section aria-labelledby="chosen"><h2 id="chosen">${isLabel ? t("label") : t("proposal")}</h2>
        <p><span class="dot" style=${`--class:${colourOf(current.label, names)}`}></span> <bdi>${current.label}</bdi>
          ${current.score !== undefined && !isLabel ? ` · ${t("score", { score: current.score.toFixed(2) })}` : ""}</p>
        <p>${[["start_s", "start"], ["end_s", "end"]].map(([name, word]) => html`<button aria-pressed=${edge === name}
          onClick=${() => { setEdge(name); now.seekTo(name === "end_s" ? current.end_s - 1e-3 : current.start_s); }}>
          ${t(word)} ${clock(current[name])}</button> `)}</p>
        ${isLabel ? html`<p><button onClick=${() => nudge(-1)}>${t("key_edge_earlier")}</button>
          <button onClick=${() => nudge(1)}>${t("key_edge_later")}</button>
          <button onClick=${() => removeLabel(current).then(() => select(null), () => {})}>${t("key_delete")}</button></p>`
          : html`<p><button onClick=${() => answer("accepted")}>${t("key_accept")}</button>
          <button onClick=${() => answer("rejected")}>${t("key_reject")}</button>
          <button onClick=${() => answer("unsure")}>${t("key_unsure")}</button></p>`}</section>`}
      ${proposals.length > 0 && html`<section><h2>${t("proposals", { count: proposals.filter((p) => p.score >= threshold).length })}</h2>
        <label>${t("threshold")} <input type="range" min="0" max="1" step="0.01" value=${threshold}
          onInput=${(e) => setThreshold(Number(e.target.value))} /> ${threshold.toFixed(2)}</label></section>`}
      <section><h2>${t("labels_here", { count: own.length })}</h2>
        <ol class="labels">${rows}</ol>
        <p><button onClick=${() => undo().catch(() => {})}>${t("key_undo")}</button>
          <button onClick=${() => redo().catch(() => {})}>${t("key_redo")}</button></p></section>
    </aside></div>`;
}

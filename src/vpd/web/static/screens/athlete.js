// Who is followed: the people of each shot; a click says who is the athlete.

import { html, useEffect, useLayoutEffect, useState, Problem, Waiting, say, sayError, useLoaded } from "../ui.js";
import { finished, get, post, remove, videoUrl } from "../api.js";
import { useStore } from "../store.js";
import { Choice } from "../choice.js";
import { listen } from "../keys.js";
import { clock } from "../times.js";
import { stepName, t, told } from "../i18n.js";

const PAGE = 12;
const DOUBTFUL = 0.3;

// A person of a shot as a pick: the box, at the time of that box.
const pickOf = (video, shot, person) => {
  const [x, y, w, h] = person.box;
  return { video, time_s: person.time_s ?? (shot.start_s + shot.end_s) / 2, x, y, w, h, athlete: 0 };
};
const isOf = (pick, other) => Math.abs(pick.time_s - other.time_s) < 1e-3 && pick.x === other.x && pick.y === other.y;

// Props: proposal, where the person looks like the athlete of an earlier shot; yours, where the user chose the person.
function Person({ video, shot, person, yours, proposal, choose, refuse }) {
  const { time_s: time, x, y, w, h } = pickOf(video, shot, person);
  const src = videoUrl(video, `person.jpg?t=${time}&x=${x}&y=${y}&w=${w}&h=${h}`);
  return html`<li class="card" data-chosen=${person.athlete !== null || yours} data-proposed=${Boolean(proposal)}>
    <button class="picture" aria-pressed=${person.athlete !== null || yours} onClick=${() => choose(shot, person)}
      aria-label=${t("take_person", { time: clock(time, 1) })}><img src=${src} alt="" loading="lazy" /></button>
    <p>${person.athlete !== null ? html`<strong>${t("followed_as", { athlete: person.athlete })}</strong>` : t("not_followed")}
      ${yours || person.chosen_by === "pick" ? ` · ${t("by_you")}` : ""}</p>
    ${proposal && html`<p>${t("same_here", { share: Math.round(100 * proposal.likeness) })}
      <button onClick=${() => refuse(proposal)}>${t("not_the_same")}</button></p>`}
    <p><small>${["size", "centrality", "duration", "motion"].filter((n) => n in person)
      .map((n) => `${t(n)} ${Number(person[n]).toFixed(2)}`).join(" · ")}</small></p></li>`;
}

export function AthleteScreen({ argument: video }) {
  const { library } = useStore();
  const [page, setPage] = useState(0);
  const [turn, setTurn] = useState(0);
  const [same, setSame] = useState([]);
  const row = library.videos.find((v) => v.video === video);
  const { data, error, again } = useLoaded(() => (row ? get(videoUrl(video, "shots")) : Promise.resolve(null)), [video]);
  useEffect(() => { setPage(0); setTurn(0); setSame([]); }, [video]);
  const shots = data?.shots ?? [];
  const doubtful = shots.filter((s) => s.margin < DOUBTFUL).sort((a, b) => a.margin - b.margin);
  // From the most doubtful one on, and round again; a choice changes the margins only when all is made again.
  const nextDoubtful = () => {
    if (!doubtful.length) return;
    const place = shots.indexOf(doubtful[turn % doubtful.length]);
    setTurn(turn + 1);
    setPage(Math.floor(place / PAGE));
    setTimeout(() => document.getElementById(`shot-${shots[place].number}`)?.focus(), 50);
  };
  const within = (pick, shot) => pick.time_s >= shot.start_s && pick.time_s <= shot.end_s;
  // The choice of a shot from which the next ones may follow; of a click alone, without a box, no clothes are known.
  const picksOf = (shot) => data.picks.filter((pick) => pick.athlete === 0 && pick.w > 0 && within(pick, shot) && shot !== shots.at(-1)).slice(-1);
  const choose = (shot, person) => {
    setSame(same.filter((proposal) => !within(proposal, shot)));
    post("/api/picks", { ...pickOf(video, shot, person), instead: [shot.start_s, shot.end_s] }).then(() => { say(t("pick_kept")); again(); }, sayError);
  };
  const findSame = (pick) => post("/api/picks/same", pick).then(({ job }) => finished(job.id, (j) => say(`${t("searching")} ${Math.round(100 * j.fraction)} %`)))
    .then(({ result }) => {
      const count = result.proposals.length;
      setSame(result.proposals);
      say(t(count ? "same_found" : "same_none", { count, shots: result.shots }));
    }, sayError);
  const keepSame = () => post("/api/picks/batch", { picks: same.map(({ likeness, ...pick }) => pick) })
    .then(() => { setSame([]); say(t("pick_kept")); again(); }, sayError);
  useLayoutEffect(() => listen({ next_item: nextDoubtful, accept: () => { if (same.length) keepSame(); }, leave: () => setSame([]) }));
  if (!row) {
    return html`<${Choice} screen="athlete" fits=${(v) => v.tracks} none="none_tracked" />`;
  }
  const run = () => post("/api/run", { video }).then(({ job }) => finished(job.id, (j) => say(`${t("making")} ${Math.round(100 * j.fraction)} %`)))
    .then(() => { say(t("made")); again(); }, sayError);
  return html`<h1>${t("athlete_of", { video })}</h1><${Problem} error=${error} />
    ${!data && !error && html`<${Waiting} />`}
    ${data && html`<p>${t("athlete_about", { count: shots.length })}</p>
      <div class="bar"><button disabled=${!doubtful.length} onClick=${nextDoubtful}>
          ${t("next_doubtful")}</button>
        <button disabled=${!data.picks.length} onClick=${() => remove("/api/picks", { video }).then(() => { say(t("picks_forgotten")); again(); }, sayError)}>
          ${t("forget_picks", { count: data.picks.length })}</button>
        <button class="main" disabled=${!data.stale.length} onClick=${run}>${data.stale.length ? t("make_again", { steps: data.stale.map(stepName).join(", ") }) : t("nothing_stale")}</button></div>
      ${same.length > 0 && html`<div class="bar"><button class="main" onClick=${keepSame}>${t("keep_same", { count: same.length })} <kbd>Enter</kbd></button>
        <button onClick=${() => setSame([])}>${t("drop_same")}</button></div>`}
      ${data.missed.map((text) => html`<p class="problem" key=${text}>${told({ text })}</p>`)}
      ${shots.slice(page * PAGE, (page + 1) * PAGE).map((shot) => html`<section key=${shot.number} aria-labelledby=${`shot-${shot.number}`}>
        <h2 id=${`shot-${shot.number}`} tabindex="-1">${t("shot", { number: shot.number + 1, start: clock(shot.start_s, 1), end: clock(shot.end_s, 1) })}
          ${shot.margin < DOUBTFUL ? html` <small class="problem">${t("doubtful")}</small>` : ""}</h2>
        ${shot.people.length ? html`<ul class="grid">${shot.people.map((person, i) => html`<${Person} key=${i} video=${video} shot=${shot} person=${person}
            choose=${choose} refuse=${(proposal) => setSame(same.filter((p) => p !== proposal))}
            yours=${data.picks.some((pick) => isOf(pick, pickOf(video, shot, person)))}
            proposal=${same.find((p) => isOf(p, pickOf(video, shot, person)))} />`)}</ul>
          ${picksOf(shot).map((pick) => html`<p key=${pick.time_s}><button onClick=${() => findSame(pick)}>${t("same_after")}</button></p>`)}`
          : html`<p class="hint">${t("nobody")}</p>`}</section>`)}
      ${shots.length > PAGE && html`<nav class="bar" aria-label=${t("pages")}><button disabled=${page === 0} onClick=${() => setPage(page - 1)}>${t("previous")}</button>
        <span>${page + 1} / ${Math.ceil(shots.length / PAGE)}</span>
        <button disabled=${(page + 1) * PAGE >= shots.length} onClick=${() => setPage(page + 1)}>${t("next")}</button></nav>`}`}`;
}

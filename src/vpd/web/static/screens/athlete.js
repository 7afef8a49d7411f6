// Who is followed: the people of each shot; a click says who is the athlete.

import { html, useEffect, useLayoutEffect, useState, Problem, Waiting, say, sayError, useLoaded } from "../ui.js";
import { finished, get, post, remove, videoUrl } from "../api.js";
import { useStore } from "../store.js";
import { listen } from "../keys.js";
import { clock } from "../times.js";
import { t } from "../i18n.js";

const PAGE = 12;
const DOUBTFUL = 0.3;

function Person({ video, row, shot, person, choose }) {
  const [x, y, w, h] = person.box;
  const time = person.time_s ?? (shot.start_s + shot.end_s) / 2;
  const src = videoUrl(video, `person.jpg?t=${time}&x=${x}&y=${y}&w=${w}&h=${h}`);
  return html`<li class="card" data-chosen=${person.athlete !== null}>
    <button class="picture" aria-pressed=${person.athlete !== null} onClick=${() => choose(shot, person, time)}
      aria-label=${t("take_person", { time: clock(time, 1) })}><img src=${src} alt="" loading="lazy" /></button>
    <p>${person.athlete !== null ? html`<strong>${t("followed_as", { athlete: person.athlete })}</strong>` : t("not_followed")}
      ${person.chosen_by === "pick" ? ` · ${t("by_you")}` : ""}</p>
    <p><small>${["size", "centrality", "duration", "motion"].filter((n) => n in person)
      .map((n) => `${t(n)} ${Number(person[n]).toFixed(2)}`).join(" · ")}</small></p></li>`;
}

export function AthleteScreen({ argument: video }) {
  const { library } = useStore();
  const [page, setPage] = useState(0);
  const [turn, setTurn] = useState(0);
  const row = library.videos.find((v) => v.video === video);
  const { data, error, again } = useLoaded(() => (row ? get(videoUrl(video, "shots")) : Promise.resolve(null)), [video]);
  useEffect(() => { setPage(0); setTurn(0); }, [video]);
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
  useLayoutEffect(() => listen({ next_item: nextDoubtful }));
  if (!row) {
    return html`<h1>${t("screen_athlete")}</h1><p>${t("choose_video")}</p><ul class="plain">${library.videos.filter((v) => v.tracks)
      .map((v) => html`<li key=${v.video}><a href=${`#/athlete/${encodeURIComponent(v.video)}`}>${v.video}</a></li>`)}</ul>`;
  }
  const choose = (shot, person, time) => {
    const [x, y, w, h] = person.box;
    post("/api/picks", { video, time_s: time, x, y, w, h, athlete: 0 })
      .then(() => { say(t("pick_kept")); again(); }, sayError);
  };
  const run = () => post("/api/run", { video }).then(({ job }) => finished(job.id, (j) => say(`${t("making")} ${Math.round(100 * j.fraction)} %`)))
    .then(() => { say(t("made")); again(); }, sayError);
  return html`<h1>${t("athlete_of", { video })}</h1><${Problem} error=${error} />
    ${!data && !error && html`<${Waiting} />`}
    ${data && html`<p>${t("athlete_about", { count: shots.length })}</p>
      <div class="bar"><button disabled=${!doubtful.length} onClick=${nextDoubtful}>
          ${t("next_doubtful")}</button>
        <button disabled=${!data.picks.length} onClick=${() => remove("/api/picks", { video }).then(() => { say(t("picks_forgotten")); again(); }, sayError)}>
          ${t("forget_picks", { count: data.picks.length })}</button>
        <button class="main" disabled=${!data.stale.length} onClick=${run}>${data.stale.length ? t("make_again", { steps: data.stale.join(", ") }) : t("nothing_stale")}</button></div>
      ${data.missed.map((text) => html`<p class="problem">${text}</p>`)}
      ${shots.slice(page * PAGE, (page + 1) * PAGE).map((shot) => html`<section key=${shot.number} aria-labelledby=${`shot-${shot.number}`}>
        <h2 id=${`shot-${shot.number}`} tabindex="-1">${t("shot", { number: shot.number + 1, start: clock(shot.start_s, 1), end: clock(shot.end_s, 1) })}
          ${shot.margin < DOUBTFUL ? html` <small class="problem">${t("doubtful")}</small>` : ""}</h2>
        ${shot.people.length ? html`<ul class="grid">${shot.people.map((person, i) => html`<${Person} key=${i} video=${video} row=${row} shot=${shot} person=${person} choose=${choose} />`)}</ul>`
          : html`<p class="hint">${t("nobody")}</p>`}</section>`)}
      ${shots.length > PAGE && html`<nav class="bar" aria-label=${t("pages")}><button disabled=${page === 0} onClick=${() => setPage(page - 1)}>${t("previous")}</button>
        <span>${page + 1} / ${Math.ceil(shots.length / PAGE)}</span>
        <button disabled=${(page + 1) * PAGE >= shots.length} onClick=${() => setPage(page + 1)}>${t("next")}</button></nav>`}`}`;
}

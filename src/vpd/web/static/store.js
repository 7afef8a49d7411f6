// What all screens share: the library, its labels, jobs; told of changes by the server.

import { useEffect, useReducer } from "./ui.js";
import { get, patch, post, remove } from "./api.js";
import { say, sayError } from "./ui.js";
import { t } from "./i18n.js";

const state = { library: null, labels: [], wrong: [], classes: [], jobs: {}, error: null, saving: 0 };
const listeners = new Set();

function change(parts) {
  Object.assign(state, parts);
  listeners.forEach((listener) => listener());
}

export function useStore() {
  const [, again] = useReducer((n) => n + 1, 0);
  useEffect(() => { listeners.add(again); return () => listeners.delete(again); }, []);
  return state;
}

export async function loadLibrary() {
  try {
    const [library, labels] = await Promise.all([get("/api/library"), get("/api/labels")]);
    change({ library, error: null });
    change(sorted(labels));
  } catch (error) {
    change({ error });
  }
}

export const REVIEWED = "reviewed";

function sorted({ labels, wrong }) {
  labels.sort((a, b) => a.start_s - b.start_s);
  // The user's own order first (classes.toml), which decides the keys and the colours; then all others that labels name.
  const named = (state.library?.classes ?? []).map((c) => c.name);
  const others = new Set(labels.map((l) => l.label).filter((name) => name !== REVIEWED && !named.includes(name)));
  return { labels, wrong, classes: [...named, ...[...others].sort()] };
}

// While changes are being saved the page shows them as they will be; the end of the last one loads the labels.
let loads = 0;
export async function loadLabels() {
  const own = ++loads;
  try {
    const found = await get("/api/labels");
    if (own !== loads || state.saving) return;
    newer.clear();
    change(sorted(found));
  } catch (error) {
    sayError(error);
  }
}

export function listenToServer() {
  const source = new EventSource("/api/events");
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (event.kind === "labels") loadLabels();
    else if (event.kind === "job") change({ jobs: { ...state.jobs, [event.data.id]: event.data } });
    else if (event.kind === "library") loadLibrary();
  };
  return () => source.close();
}

// Changes of labels. Each is on the disk when the promise resolves; a conflict is shown and the table read anew.
async function saved(work) {
  change({ saving: state.saving + 1 });
  try {
    return await work();
  } catch (error) {
    if (error.status === 409) say(t("conflict"), "error");
    else sayError(error);
    throw error;
  } finally {
    change({ saving: state.saving - 1 });
    if (!state.saving) await loadLabels();
  }
}

// Edits of labels are sent one after the other. The next press of a key may come before the last is saved: it builds
// on what is shown, and on the version that our own edit gave the label.
const newer = new Map();
let last = Promise.resolve();
function latest({ id, version }) {
  let found = version;
  while (newer.has(`${id} ${found}`)) found = newer.get(`${id} ${found}`);
  return found;
}
function inTurn(work) {
  const turn = last.then(work);
  last = turn.catch(() => {});
  return turn;
}

const fields = ({ video, athlete, start_s, end_s, label }) => ({ video, athlete, start_s, end_s, label });

export const addLabel = (label, source = "hand") => saved(() => post("/api/labels", { ...fields(label), source }));
export const addLabels = (labels, source) =>
  saved(() => post("/api/labels/batch", { add: labels.map((l) => ({ ...fields(l), source })) }));
export function editLabel(label, changes) {
  change({ labels: state.labels.map((l) => (l.id === label.id ? { ...l, ...changes } : l)).sort((a, b) => a.start_s - b.start_s) });
  return saved(() => inTurn(async () => {
    const version = latest(label);
    const answer = await patch(`/api/labels/${label.id}`, { ...changes, version });
    newer.delete(`${label.id} ${answer.label.version}`);  // a label that is again as it was has its old version
    if (answer.label.version !== version) newer.set(`${label.id} ${version}`, answer.label.version);
    return answer;
  }));
}
export const removeLabel = (label) =>
  saved(() => inTurn(() => remove(`/api/labels/${label.id}`, { version: latest(label) })));
export const undo = () => saved(() => inTurn(() => post("/api/labels/undo"))).then((r) => say(t("undone", { what: r.what })));
export const redo = () => saved(() => inTurn(() => post("/api/labels/redo"))).then((r) => say(t("redone", { what: r.what })));

// Seconds by video that were reviewed; of labels by their start, what overlaps counts once.
export function reviewedSeconds(labels) {
  const seconds = new Map();
  const until = new Map();
  for (const { video, label, start_s, end_s } of labels) {
    if (label !== REVIEWED) continue;
    const seen = until.get(video) ?? 0;
    seconds.set(video, (seconds.get(video) ?? 0) + Math.max(0, end_s - Math.max(start_s, seen)));
    until.set(video, Math.max(end_s, seen));
  }
  return seconds;
}

export const labelsOf = (video) => state.labels.filter((l) => l.video === video);

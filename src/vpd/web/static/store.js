// What all screens share: the library, its labels, jobs; told of changes by the server.

import { useEffect, useReducer } from "./ui.js";
import { get, patch, post, remove } from "./api.js";
import { say, sayError } from "./ui.js";
import { t } from "./i18n.js";

const state = { library: null, labels: [], classes: [], jobs: {}, error: null, saving: 0 };
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

function sorted({ labels }) {
  labels.sort((a, b) => a.start_s - b.start_s);
  // The user's own order first (classes.toml), which decides the keys and the colours; then all others that labels name.
  const named = (state.library?.classes ?? []).map((c) => c.name);
  const others = new Set(labels.map((l) => l.label).filter((name) => name !== REVIEWED && !named.includes(name)));
  return { labels, classes: [...named, ...[...others].sort()] };
}

export async function loadLabels() {
  try {
    change(sorted(await get("/api/labels")));
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
    await loadLabels();
  }
}

const fields = ({ video, athlete, start_s, end_s, label }) => ({ video, athlete, start_s, end_s, label });

export const addLabel = (label, source = "hand") => saved(() => post("/api/labels", { ...fields(label), source }));
export const addLabels = (labels, source) =>
  saved(() => post("/api/labels/batch", { add: labels.map((l) => ({ ...fields(l), source })) }));
export const editLabel = (label, changes) =>
  saved(() => patch(`/api/labels/${label.id}`, { ...changes, version: label.version }));
export const removeLabel = (label) => saved(() => remove(`/api/labels/${label.id}`, { version: label.version }));
export const undo = () => saved(() => post("/api/labels/undo")).then((r) => say(t("undone", { what: r.what })));
export const redo = () => saved(() => post("/api/labels/redo")).then((r) => say(t("redone", { what: r.what })));

export const labelsOf = (video) => state.labels.filter((l) => l.video === video);

// Preact with htm, and the small parts that all screens share.

import { Component, createContext, h, html, render, useCallback, useContext, useEffect, useLayoutEffect, useMemo,
  useReducer, useRef, useState } from "./vendor/preact-htm.js";
import { t, told } from "./i18n.js";

export { Component, createContext, h, html, render, useCallback, useContext, useEffect, useLayoutEffect, useMemo,
  useReducer, useRef, useState };

// A colour of a class: by its place among the sorted names, told apart in light and dark and by most eyes.
const HUES = [205, 28, 130, 330, 265, 50, 175, 0, 230, 95];
export function colourOf(name, names, dark = matchMedia("(prefers-color-scheme: dark)").matches) {
  const place = Math.max(0, names.indexOf(name));
  const hue = HUES[place % HUES.length] + 12 * Math.floor(place / HUES.length);
  return dark ? `hsl(${hue} 65% 62%)` : `hsl(${hue} 70% 36%)`;
}

// Loads again whenever one of `inputs` changes; {data, error, again}.
export function useLoaded(load, inputs) {
  const [state, set] = useState({ data: null, error: null });
  const [count, again] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    let live = true;
    Promise.resolve().then(load).then(
      (data) => live && set({ data, error: null }),
      (error) => live && set((old) => ({ data: old.data, error })),
    );
    return () => { live = false; };
  }, [...inputs, count]);
  return { ...state, again };
}

// What is wrong; where a run of the command line mends it, the page can do that too.
export function Problem({ error }) {
  if (!error) return null;
  const text = error.message ?? String(error);
  return html`<p class="problem" role="alert">${text}${text.includes("`vpd run`") && html` <a href="#/library">${t("make_here")}</a>`}</p>`;
}

// What a verb's result says beside it: sentences of the server.
export const Notes = ({ notes }) => (notes ?? []).map((note) => html`<p class="hint" key=${note.text}>${told(note)}</p>`);

export const Waiting = () => html`<p class="waiting" role="status">${t("waiting")}</p>`;

export function Percent({ value, label }) {
  return html`<progress max="1" value=${value} aria-label=${label}></progress>`;
}

let timer;
// Says something in the live region at the foot of the page.
export function say(text, kind = "") {
  const region = document.getElementById("said");
  if (!region) return;
  region.textContent = text;
  region.className = `said ${kind}`;
  clearTimeout(timer);
  timer = setTimeout(() => { region.textContent = ""; region.className = "said"; }, kind === "error" ? 10000 : 5000);
}

export const sayError = (error) => say(error.message ?? String(error), "error");

export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function download(name, text, type = "text/plain") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

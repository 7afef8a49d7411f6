// The shell: which screen is shown, the help of keys, what is said.

import { html, render, useEffect, useLayoutEffect, useState, Problem, Waiting, say } from "./ui.js";
import { languages, language, setLanguage, start, t } from "./i18n.js";
import { bindings, keysAreOn, listen, nameOf, printed, reactionSeconds, rebind, setReaction, switchKeys } from "./keys.js";
import { useStore, loadLibrary, listenToServer } from "./store.js";
import { LibraryScreen } from "./screens/library.js";
import { WatchScreen } from "./screens/watch.js";
import { SearchScreen } from "./screens/search.js";
import { NextScreen } from "./screens/next.js";
import { CompareScreen } from "./screens/compare.js";
import { AthleteScreen } from "./screens/athlete.js";
import { MeasureScreen } from "./screens/measure.js";
import { ExportScreen } from "./screens/export.js";

const SCREENS = {
  library: LibraryScreen, watch: WatchScreen, search: SearchScreen, next: NextScreen, compare: CompareScreen,
  athlete: AthleteScreen, measure: MeasureScreen, export: ExportScreen,
};

function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen, ...rest] = path.split("/");
  return {
    screen: SCREENS[screen] ? screen : "library",
    argument: rest.map(decodeURIComponent).join("/"),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

function Help({ close }) {
  const [rows, set] = useState(bindings());
  const [waiting, wait] = useState(null);
  const [on, switchOn] = useState(keysAreOn());
  // A layout effect, so that a key pressed right after the button is heard.
  useLayoutEffect(() => {
    if (!waiting) return undefined;
    const heard = (event) => {
      if (["ShiftLeft", "ShiftRight", "ControlLeft", "ControlRight"].includes(event.code)) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.code !== "Escape") rebind(waiting, nameOf(event));
      wait(null);
      set(bindings());
    };
    addEventListener("keydown", heard, true);
    return () => removeEventListener("keydown", heard, true);
  }, [waiting]);
  useLayoutEffect(() => { document.querySelector("dialog.help").showModal(); }, []);
  return html`<dialog class="help" onClose=${close} aria-labelledby="help-title">
    <h2 id="help-title">${t("keys")}</h2>
    <label class="check"><input type="checkbox" checked=${on}
      onChange=${(e) => { switchKeys(e.target.checked); switchOn(e.target.checked); }} /> ${t("keys_on")}</label>
    <label class="check">${t("reaction")} <input type="number" min="0" max="2" step="0.05" value=${reactionSeconds()}
      onChange=${(e) => setReaction(Math.min(2, Math.max(0, Number(e.target.value) || 0)))} /></label>
    <div class="keys" tabindex="0" role="region" aria-label=${t("keys")}>
    <table><tbody>${Object.entries(rows).map(([action, keys]) => html`<tr key=${action}>
      <th scope="row">${t(`key_${action}`)}</th>
      <td>${waiting === action ? t("press_a_key") : keys.map((k) => html`<kbd>${printed(k)}</kbd> `)}</td>
      <td><button onClick=${() => wait(action)} aria-label=${t("change_key", { action: t(`key_${action}`) })}>
        ${t("change")}</button>
        <button onClick=${() => { rebind(action, null); set(bindings()); }}
          aria-label=${t("reset_key", { action: t(`key_${action}`) })}>${t("reset")}</button></td></tr>`)}
    </tbody></table></div>
    <form method="dialog"><button>${t("close")}</button></form>
  </dialog>`;
}

function App() {
  const [at, go] = useState(route());
  const [help, showHelp] = useState(false);
  const { library, error } = useStore();
  useEffect(() => {
    const moved = () => { go(route()); showHelp(false); };
    addEventListener("hashchange", moved);
    loadLibrary();
    const end = listenToServer();
    return () => { removeEventListener("hashchange", moved); end(); };
  }, []);
  useLayoutEffect(() => listen({ help: () => showHelp(true) }), []);
  useEffect(() => {
    document.title = `${t(`screen_${at.screen}`)} · vpd`;
    document.querySelector("main")?.focus({ preventScroll: true });
  }, [at.screen]);
  const Screen = SCREENS[at.screen];
  return html`<a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); document.querySelector("main").focus(); }}>
      ${t("skip")}</a>
    <header><strong class="brand">vpd</strong>
      <nav aria-label=${t("screens")}>${Object.keys(SCREENS).map((name) => html`<a key=${name} href=${`#/${name}`}
        aria-current=${name === at.screen ? "page" : null}>${t(`screen_${name}`)}</a>`)}</nav>
      <span class="spacer"></span>
      <select aria-label=${t("language")} value=${language} onChange=${(e) => setLanguage(e.target.value)}>
        ${languages.filter((l) => l !== "pseudo" || language === "pseudo")
          .map((l) => html`<option value=${l}>${l}</option>`)}</select>
      <button onClick=${() => showHelp(true)}>${t("keys")} <kbd>?</kbd></button>
    </header>
    <main tabindex="-1" id="main"><${Problem} error=${error} />
      ${library ? html`<${Screen} key=${`${at.screen} ${at.query.q ?? ""}`} argument=${at.argument} query=${at.query} />`
        : error ? null : html`<${Waiting} />`}</main>
    <div id="said" class="said" role="status" aria-live="polite"></div>
    ${help && html`<${Help} close=${() => showHelp(false)} />`}`;
}

start(new URLSearchParams(location.search).get("lang")).then(
  () => render(html`<${App} />`, document.getElementById("app")),
  (error) => { document.getElementById("app").textContent = String(error); },
);
addEventListener("unhandledrejection", (event) => say(event.reason?.message ?? String(event.reason), "error"));

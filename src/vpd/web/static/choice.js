// The choice of a video on the screens that show one at a time.

import { html, useState } from "./ui.js";
import { useStore } from "./store.js";
import { t } from "./i18n.js";

export const SHOWN = 300;  // videos at once; the filter finds the others

export const wantedOf = (videos, text) => videos.filter((v) => v.video.toLowerCase().includes(text.toLowerCase()));

// Props: screen; fits(video), whether there is something to show; none, the text where it holds for no video.
export function Choice({ screen, fits, none }) {
  const { library } = useStore();
  const [wanted, want] = useState("");
  const videos = library.videos.filter(fits);
  const shown = wantedOf(videos, wanted);
  return html`<h1>${t(`screen_${screen}`)}</h1>
    ${videos.length ? html`<p>${t("choose_video")}</p>` : html`<p class="hint">${t(library.videos.length ? none : "no_videos")} <a href="#/library">${t("screen_library")}</a></p>`}
    ${videos.length > 12 && html`<label class="field">${t("filter")} <input type="search" value=${wanted} onInput=${(e) => want(e.target.value)} /></label>`}
    <ul class="plain">${shown.slice(0, SHOWN).map((v) => html`<li key=${v.video}>
      <a href=${`#/${screen}/${encodeURIComponent(v.video)}`}>${v.video}</a></li>`)}</ul>
    ${shown.length > SHOWN && html`<p class="hint">${t("more_videos", { count: shown.length - SHOWN })}</p>`}`;
}

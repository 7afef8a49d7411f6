// A player that shows exactly the frame that is meant, or says that it does not.
//
// Times come from the library and never from a frame rate. A seek aims a millisecond behind the start of
// the frame, since browsers round down to microseconds and would show the frame before. What is shown is
// checked by requestVideoFrameCallback; where that does not confirm the frame, the server's picture of it is
// laid over the video.

import { bytes, failure, finished, get, videoUrl } from "./api.js";
import { endOf, frameAt } from "./times.js";

const AIM_S = 0.001;
const CONFIRM_MS = 150;
const SEEK_MS = 4000;

export class Player extends EventTarget {
  constructor(video, image) {
    super();
    this.element = video;
    this.image = image;
    this.times = new Float64Array();
    this.frame = 0;
    this.state = "closed";
    this.rate = 1;
    this.loop = null;
    this.piece = -1;
    this.request = 0;
    this.playing = false;
    this.tick = this.tick.bind(this);
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
  }

  set(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  moved() {
    this.dispatchEvent(new CustomEvent("frame", { detail: this.frame }));
  }

  get seconds() {
    return this.times.length ? this.times[this.frame] : 0;
  }

  get count() {
    return this.times.length;
  }

  async open(name) {
    this.pause();
    this.name = name;
    this.piece = -1;
    this.frame = 0;
    this.problem = "";
    this.element.removeAttribute("src");
    this.set("opening");
    const [times, source] = await Promise.all([bytes(videoUrl(name, "times")), get(videoUrl(name, "source"))]);
    if (this.name !== name) return;
    this.times = new Float64Array(times);
    this.source = source;
    if (source.kind === "direct") {
      this.element.src = videoUrl(name, "media");
      this.origin = 0;
      this.element.onerror = () => this.fallBack();
    }
    await this.show(0);
  }

  // The file does not play although it should: its proxy is played instead.
  fallBack() {
    if (this.source?.kind !== "direct") return;
    const count = Math.floor((this.times.at(-1) - this.times[0]) / 60) + 1;
    const pieces = Array.from({ length: count }, (_, i) => [
      lowerBound(this.times, this.times[0] + 60 * i), lowerBound(this.times, this.times[0] + 60 * (i + 1)),
    ]);
    this.source = { kind: "proxy", why: { key: "proxy_as_played", values: {} }, pieces };
    this.piece = -1;
    this.show(this.frame);
  }

  pieceOf(frame) {
    return this.source.pieces.findIndex(([first, stop]) => frame >= first && frame < stop);
  }

  // Makes the piece of the proxy that holds the frame ready to play; false where it is not.
  async ready(frame, request) {
    if (this.source.kind === "direct") return true;
    const piece = this.pieceOf(frame);
    if (piece === this.piece) return true;
    const url = videoUrl(this.name, `proxy/${piece}`);
    const answer = await fetch(url, { headers: { Range: "bytes=0-0" } });
    if (request !== this.request) return false;
    if (answer.status === 202) {
      this.set("proxy");
      const { job } = await answer.json();
      finished(job.id, (j) => this.dispatchEvent(new CustomEvent("proxy", { detail: j.fraction })))
        .then(() => { if (request === this.request) this.show(this.frame); })
        .catch((error) => { this.problem = error.message; this.set("failed"); });
      return false;
    }
    if (!answer.ok) {
      this.problem = (await failure(answer)).message;
      this.set("failed");
      return false;
    }
    this.element.src = url;
    this.piece = piece;
    this.origin = this.times[this.source.pieces[piece][0]];
    return true;
  }

  gap(frame) {
    return endOf(this.times, frame) - this.times[frame];
  }

  // Shows frame n; resolves to whether the picture is confirmed to be that frame.
  async show(n) {
    if (!this.times.length) return false;
    const frame = Math.min(Math.max(0, Math.round(n)), this.times.length - 1);
    const request = ++this.request;
    this.frame = frame;
    this.moved();
    this.set("seeking");
    const still = this.still(frame, request);
    if (!(await this.ready(frame, request)) || request !== this.request) {
      await still;
      return request === this.request && this.state !== "failed";
    }
    const wanted = this.times[frame] - this.origin;
    const shown = await this.seek(wanted + Math.min(AIM_S, this.gap(frame) / 2), request);
    if (request !== this.request) return false;
    const tolerance = Math.min(this.gap(frame), frame ? this.gap(frame - 1) : Infinity) / 2;
    if (shown !== null && Math.abs(shown - wanted) < tolerance) {
      this.image.hidden = true;
      this.set("exact");
      return true;
    }
    await this.lay(frame, request);
    return request === this.request;
  }

  // A picture of the server where the video cannot show the frame at once.
  async still(frame, request) {
    if (this.source.kind !== "direct" && this.pieceOf(frame) !== this.piece) await this.lay(frame, request);
  }

  async lay(frame, request) {
    const width = Math.min(1280, Math.max(320, this.element.clientWidth * devicePixelRatio) || 960);
    const picture = new Image();
    picture.src = videoUrl(this.name, `frames/${frame}.jpg?w=${Math.round(width / 160) * 160}`);
    try {
      await picture.decode();
    } catch {
      if (request === this.request) this.set("failed");
      return;
    }
    if (request !== this.request) return;
    this.image.src = picture.src;
    this.image.hidden = false;
    this.set("exact");
  }

  // Seeks and gives the media time of the picture that the browser then shows; null where it does not say.
  seek(seconds, request) {
    const video = this.element;
    return new Promise((resolve) => {
      let shown = null;
      let settled = false;
      const done = () => {
        if (settled) return;
        settled = true;
        clearTimeout(limit);
        video.removeEventListener("seeked", seeked);
        resolve(shown);
      };
      const confirmed = (_, data) => { shown = data.mediaTime; if (this.arrived) done(); };
      const seeked = () => {
        this.arrived = true;
        if (shown !== null) done();
        else setTimeout(() => { shown ??= this.last?.at === video.currentTime ? this.last.time : null; done(); }, CONFIRM_MS);
      };
      const limit = setTimeout(done, SEEK_MS);
      this.arrived = false;
      video.addEventListener("seeked", seeked);
      video.requestVideoFrameCallback?.((now, data) => {
        this.last = { at: seconds, time: data.mediaTime };
        confirmed(now, data);
      });
      video.currentTime = seconds;
      if (request !== this.request) done();
    });
  }

  play(rate = this.rate || 1) {
    if (!this.times.length) return;
    this.rate = rate;
    if (rate < 0) return this.reverse();
    this.stopReverse();
    this.playing = true;
    this.image.hidden = true;
    this.element.playbackRate = Math.min(Math.max(rate, 0.0625), 16);
    this.ready(this.frame, this.request).then((ready) => {
      if (!ready || !this.playing) return;
      this.element.play().then(() => {
        this.set("playing");
        this.element.requestVideoFrameCallback(this.tick);
      }).catch(() => this.pause());
    });
  }

  tick(_, data) {
    if (!this.playing) return;
    this.frame = frameAt(this.times, data.mediaTime + this.origin + AIM_S / 2);
    this.moved();
    const [start, end] = this.loop ?? [0, Infinity];
    if (this.loop && this.times[this.frame] >= end - 1e-6) {
      this.element.currentTime = Math.max(0, start - this.origin) + AIM_S;
    } else if (this.source.kind !== "direct" && this.frame + 1 >= this.source.pieces[this.piece][1]) {
      const next = this.frame + 1;
      if (next >= this.times.length) return this.pause();
      this.show(next).then(() => this.playing && this.play());
      return;
    }
    if (this.element.ended) return this.pause();
    this.element.requestVideoFrameCallback(this.tick);
  }

  pause() {
    this.stopReverse();
    if (!this.playing) return;
    this.playing = false;
    this.element.pause();
    this.show(this.frame);
  }

  toggle() {
    if (this.playing || this.backwards) this.pause();
    else this.play(Math.abs(this.rate) || 1);
  }

  async reverse() {
    this.pause();
    this.backwards = true;
    const rate = -this.rate;
    while (this.backwards && this.frame > 0) {
      const began = performance.now();
      await this.show(this.frame - 1);
      const wait = (1000 * this.gap(this.frame)) / rate - (performance.now() - began);
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
    this.backwards = false;
  }

  stopReverse() {
    this.backwards = false;
  }

  step(frames) {
    this.pause();
    return this.show(this.frame + frames);
  }

  seekTo(seconds) {
    const playing = this.playing;
    if (playing) this.pause();
    return this.show(frameAt(this.times, seconds)).then((done) => { if (playing) this.play(); return done; });
  }

  close() {
    this.pause();
    this.name = null;
    this.request += 1;
    this.element.removeAttribute("src");
    this.element.load();
  }
}

function lowerBound(times, seconds) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}


// Clips from the library's crops: one JPEG a frame, drawn on a canvas. No video is decoded.

import { bytes, videoUrl } from "./api.js";
import { frameAt } from "./times.js";
import { inStep } from "/look/warping.js";

const KEPT = 60;
const known = new Map();

// The crops of a span: times (s), squares (x, y, side in pixels) and pictures, in order.
export async function cropsOf(segment, athlete = segment.athlete ?? 0) {
  const span = `start=${segment.start_s}&end=${segment.end_s}&athlete=${athlete}`;
  const path = videoUrl(segment.video, `crops?${span}`);
  if (!known.has(path)) {
    known.set(path, read(path).catch((error) => { known.delete(path); throw error; }));
    if (known.size > KEPT) known.delete(known.keys().next().value);
  }
  return known.get(path);
}

async function read(path) {
  const data = await bytes(path);
  const length = new DataView(data).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  let at = 4 + length;
  const pictures = await Promise.all(header.sizes.map((size) => {
    const blob = new Blob([new Uint8Array(data, at, size)], { type: "image/jpeg" });
    at += size;
    return createImageBitmap(blob);
  }));
  return { times: header.times, squares: header.squares, pictures };
}

export function drawAt(canvas, clip, seconds, mirrored = false) {
  canvas.dataset.drawn = "true";  // for tests and pictures of the page
  if (!clip.pictures.length) return -1;
  const i = frameAt(clip.times, seconds);
  const picture = clip.pictures[i];
  if (canvas.width !== picture.width) canvas.width = canvas.height = picture.width;
  const context = canvas.getContext("2d");
  context.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? canvas.width : 0, 0);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  return i;
}

// The time of the result that corresponds to a time of the query, by the path of the warping.
export const warped = ({ query_s, result_s }, seconds) => inStep(query_s, result_s, seconds)[0];

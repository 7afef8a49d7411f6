// Requests to the server. Errors carry the server's sentence, in the language of the page.

import { t, toldAlone } from "./i18n.js";

export class ApiError extends Error {
  constructor(status, message, data) {
    super(message);
    this.status = status;
    this.data = data;
  }
}

// The error of an answer that is none.
export async function failure(response) {
  const data = await response.json().catch(() => null);
  return new ApiError(response.status, toldAlone(data?.said ?? { text: response.statusText }), data);
}

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, t("server_away"), null);
  }
  if (!response.ok) throw await failure(response);
  return response.json().catch(() => null);
}

export const get = (path) => request("GET", path);
export const post = (path, body = {}) => request("POST", path, body);
export const patch = (path, body) => request("PATCH", path, body);
export const remove = (path, body = {}) => request("DELETE", path, body);

export async function bytes(path) {
  const response = await fetch(path);
  if (!response.ok) throw await failure(response);
  return response.arrayBuffer();
}

export const videoUrl = (video, rest) => `/api/videos/${encodeURIComponent(video)}/${rest}`;

// Waits until a job has ended; calls tell(job) while it goes on.
export async function finished(id, tell = () => {}) {
  for (;;) {
    const job = await get(`/api/jobs/${id}`);
    tell(job);
    if (job.state === "done") return job;
    if (job.state === "failed" || job.state === "cancelled") throw new ApiError(0, job.said ? toldAlone(job.said) : t("cancelled"), job);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

// Requests to the server. Errors carry the server's sentence.

export class ApiError extends Error {
  constructor(status, message, data) {
    super(message);
    this.status = status;
    this.data = data;
  }
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
    throw new ApiError(0, "The server does not answer.", null);
  }
  const data = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, data?.error ?? response.statusText, data);
  return data;
}

export const get = (path) => request("GET", path);
export const post = (path, body = {}) => request("POST", path, body);
export const patch = (path, body) => request("PATCH", path, body);
export const remove = (path, body = {}) => request("DELETE", path, body);

export async function bytes(path) {
  const response = await fetch(path);
  if (!response.ok) {
    const data = await response.json().catch(() => null);
    throw new ApiError(response.status, data?.error ?? response.statusText, data);
  }
  return response.arrayBuffer();
}

export const videoUrl = (video, rest) => `/api/videos/${encodeURIComponent(video)}/${rest}`;

// Waits until a job has ended; calls tell(job) while it goes on.
export async function finished(id, tell = () => {}) {
  for (;;) {
    const job = await get(`/api/jobs/${id}`);
    tell(job);
    if (job.state === "done") return job;
    if (job.state === "failed" || job.state === "cancelled") throw new ApiError(0, job.error || job.state, job);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

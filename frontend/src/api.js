// The HTTP API of the platform, through the site's own origin.
import { SessionEndedError } from "./account/session-end.js";
import { pauseBefore, sleep } from "./backoff.js";

const BASE = "/api/videos";
const TRIES = 4;
const MAX_PAGE = 100;

/** The API said no. `status` is HTTP's (0: no answer at all), `code` one of the API's closed list. */
export class ApiError extends Error {
  name = "ApiError";

  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Whether the same request may well succeed later. */
  get isPassing() {
    return this.isLost || this.code === "too_many_requests";
  }

  /** Whether the request may have been carried out all the same. */
  get isLost() {
    return this.status === 0 || this.status >= 500;
  }
}

export class Api {
  #session;

  constructor(session) {
    this.#session = session;
  }

  newUpload(fileName, contentType, size, signal) {
    // Not asked again by itself: an answer that was lost would have made a video that nobody fills.
    return this.#call("POST", "/upload-url", { body: { fileName, contentType, size }, signal, tries: 1 });
  }

  signParts(videoId, partNumbers, signal) {
    return this.#call("POST", `${path(videoId)}/parts`, { body: { partNumbers }, signal });
  }

  heldParts(videoId, after, signal) {
    return this.#call("GET", `${path(videoId)}/parts?after=${after}`, { signal });
  }

  /** `{ video, isWhole }`; not whole means that S3 is still putting it together: ask again. */
  async completeUpload(videoId, parts, signal) {
    const { status, body } = await this.#answer("POST", `${path(videoId)}/complete`, { body: { parts }, signal });
    return { video: body, isWhole: status !== 202 };
  }

  videos(cursor, signal) {
    const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    return this.#call("GET", `?limit=${MAX_PAGE}${after}`, { signal });
  }

  /** The newest page, with the server's own time (milliseconds) when it answered. */
  async newestVideos(signal) {
    const { body, date } = await this.#answer("GET", `?limit=${MAX_PAGE}`, { signal });
    return { videos: body.videos, serverTime: date };
  }

  video(videoId, signal) {
    return this.#call("GET", path(videoId), { signal });
  }

  rename(videoId, title) {
    return this.#call("PATCH", path(videoId), { body: { title } });
  }

  async delete(videoId) {
    await this.#call("DELETE", path(videoId));
  }

  retry(videoId) {
    return this.#call("POST", `${path(videoId)}/retry`);
  }

  /** URLs of the video's files; its cookies arrive with them. */
  playback(videoId, signal) {
    return this.#call("GET", `${path(videoId)}/playback`, { signal });
  }

  async #call(method, target, options) {
    return (await this.#answer(method, target, options)).body;
  }

  async #answer(method, target, { body, signal, tries = TRIES } = {}) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#authorised(method, target, body, signal);
      } catch (error) {
        if (!(error instanceof ApiError) || !error.isPassing || attempt >= tries) throw error;
        await sleep(pauseBefore(attempt), signal);
      }
    }
  }

  async #authorised(method, target, body, signal) {
    const first = await send(method, target, body, await this.#token(), signal);
    if (first.status !== 401) return read(first);
    const second = await send(method, target, body, await this.#token({ renewed: true }), signal);
    return read(second);
  }

  async #token(options) {
    try {
      return await this.#session.idToken(options);
    } catch (error) {
      if (error instanceof SessionEndedError) throw error;
      throw new ApiError(0, "no_connection", "the session could not be renewed");
    }
  }
}

const path = (videoId) => `/${encodeURIComponent(videoId)}`;

async function send(method, target, body, idToken, signal) {
  const headers = { Authorization: `Bearer ${idToken}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(BASE + target, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "no_connection", "no answer");
  }
}

async function read(response) {
  const text = await response.text();
  const body = parse(text);
  if (response.ok) return { status: response.status, body, date: Date.parse(response.headers.get("Date")) || Date.now() };
  throw new ApiError(response.status, body?.error?.code ?? "internal_error", body?.error?.message ?? "");
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

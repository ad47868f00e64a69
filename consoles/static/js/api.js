// The one way to the API: same origin, cookie session, never cached, in the officer's language.
import { language } from "./language.js";

/** The API said no, in words meant for people (RFC 9457). */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.title || String(status));
    this.status = status;
    this.title = problem.title || "";
    this.detail = problem.detail || "";
    this.problem = problem;
    this.slug = String(problem.type || "").split("/").pop();
  }
}

/** Nothing came back: no network, or the connection broke. Whether the server acted is not known. */
export class Unreached extends Error {}

let onSignedOut = () => {};

/** What to do when the session is gone. */
export function whenSignedOut(act) {
  onSignedOut = act;
}

/** One Idempotency-Key for one and the same body: when its answer was lost, it is sent again as the same one. */
export function keyForEach() {
  const keys = new Map();
  return (body) => {
    const words = JSON.stringify(body);
    if (!keys.has(words)) keys.set(words, crypto.randomUUID());
    return keys.get(words);
  };
}

/** Send `file` as it is; `onSent(share)` is told how much of it has gone (0 to 1). Answers {status, content}. */
export function upload(path, file, { headers = {}, onSent }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries({ Accept: "application/json, application/problem+json", "Accept-Language": language(), ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.addEventListener("progress", (event) => onSent(event.total ? event.loaded / event.total : 1));
    request.addEventListener("error", () => reject(new Unreached()));
    request.addEventListener("load", () => {
      const content = contentOf(request.responseText);
      if (request.status < 300) { resolve({ status: request.status, content }); return; }
      if (request.status === 401) onSignedOut();
      reject(new Refusal(request.status, content));
    });
    request.send(file);
  });
}

function contentOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/**
 * Ask the API. `body` is sent as JSON, `key` as Idempotency-Key, `version` as If-Match; `quiet` leaves a 401 to the caller; `inLanguage` where it is
 * not the officer's. Answers the JSON (null for 204). Raises Refusal, Unreached, or AbortError (the screen was left).
 */
export async function call(method, path, { body, key, version, signal, quiet = false, inLanguage = language() } = {}) {
  const headers = { Accept: "application/json, application/problem+json", "Accept-Language": inLanguage };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (version) headers["If-Match"] = `"${version}"`;
  let answer;
  let content = null;
  try {
    answer = await fetch(path, {
      method, headers, signal, credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status !== 204) content = await answer.json();
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    if (!answer || answer.ok) throw new Unreached();
    content = {};
  }
  if (answer.ok) return content;
  if (answer.status === 401 && !quiet) onSignedOut();
  throw new Refusal(answer.status, content);
}

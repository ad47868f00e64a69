// The visit that goes on at this desk: its session's token is held here alone, and is gone with the page.
import { Refusal, Unreached, call } from "./api.js";
import { language } from "./language.js";

let current = null;

/** The visit: {id, ends_at, access_token, …}; null when there is none. */
export function visit() {
  return current && new Date(current.ends_at) > new Date() ? current : null;
}

export function beginVisit(begun) {
  current = begun;
}

/** End it; the person is told what was done. */
export async function endVisit() {
  const ending = current;
  current = null;
  if (!ending) return;
  try {
    await call("DELETE", `/v1/counter/visits/${ending.id}`);
  } catch (failure) {
    if (failure.status !== 404) throw failure;
  }
}

/** Ask the API as the person, with the officer present. Raises as `call` does; 401: the visit is over. */
export async function asThePerson(path, { signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      signal, cache: "no-store", credentials: "omit",
      headers: { Accept: "application/json, application/problem+json", "Accept-Language": language(), Authorization: `Bearer ${current.access_token}` },
    });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Unreached();
  }
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  if (answer.status === 401) current = null;
  throw new Refusal(answer.status, content);
}

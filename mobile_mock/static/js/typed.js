// What somebody has entered and not yet sent, kept in this tab: a reload, a change of language, a wrong press or a session
// that ends in between loses nothing. One for each person, and for each in whose name it is entered; signing out forgets it.
import { acting } from "./acting.js";
import { state } from "./state.js";

const KEPT = "phone.typed.";

/** What was entered under `name`, or null. */
export function typed(name) {
  try {
    return JSON.parse(window.sessionStorage.getItem(whose(name)));
  } catch {
    return null;
  }
}

/** Keep what is entered under `name`: anything that JSON carries. */
export function keepTyped(name, value) {
  window.sessionStorage.setItem(whose(name), JSON.stringify(value));
}

/** It was sent. */
export function forgetTyped(name) {
  window.sessionStorage.removeItem(whose(name));
}

/** Show in a field what was entered before under `name`, and keep what is from now on. Answers the field. */
export function keeping(field, name) {
  const before = typed(name);
  if (before !== null) field.input.value = before;
  field.input.addEventListener("input", () => keepTyped(name, field.input.value));
  return field;
}

function whose(name) {
  return `${KEPT}${acting()?.id || state.me?.id || "nobody"}.${name}`;
}

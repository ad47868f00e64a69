// What has been entered for a ride and not yet asked, kept in this tab: a change of language or a wrong press loses nothing.
// One for each person in whose name it is entered.
import { acting } from "./acting.js";

const KEPT = "phone.ride-draft.";

/** What was entered, or nothing. */
export function keptDraft() {
  return JSON.parse(window.sessionStorage.getItem(nameNow()) || "null") || {};
}

export function keepDraft(wish) {
  window.sessionStorage.setItem(nameNow(), JSON.stringify(wish));
}

export function forgetDraft() {
  window.sessionStorage.removeItem(nameNow());
}

function nameNow() {
  return KEPT + (acting()?.id || "own");
}

// What has been entered for a ride, until one is booked: who goes back from the fleets' answers finds it as it was. It belongs
// to the address of its form, so that a ride that is asked for again does not mix with another.
import { forgetTyped, keepTyped, typed } from "./typed.js";

const NAME = "ride";
const FORM = "/app/rides/book";

/** What was entered at this address, or nothing. */
export function keptDraft(search) {
  const kept = typed(NAME);
  return kept?.search === search ? kept.wish : null;
}

export function keepDraft(search, wish) {
  keepTyped(NAME, { search, wish });
}

export function forgetDraft() {
  forgetTyped(NAME);
}

/** Where what was entered last is shown again, or null. */
export function draftAddress() {
  const kept = typed(NAME);
  return kept && FORM + kept.search;
}

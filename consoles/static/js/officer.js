// Who sits at this desk, and how long their session lasts. The seconds are counted here from what the server said.
import { call } from "./api.js";

let current = null;
let endsAt = 0;
const listeners = [];

/** The officer, or null when nobody is signed in. */
export function officer() {
  return current;
}

/** Whether this officer acts for finance; an auditor only reads. */
export function actsForFinance() {
  return Boolean(current) && current.roles.includes("finance");
}

/** `draw()` runs whenever the officer or the end of their session changes. */
export function onOfficerChange(draw) {
  listeners.push(draw);
}

/** Seconds until the session ends if nothing more is done; never less than 0. */
export function secondsLeft() {
  return Math.max(0, (endsAt - performance.now()) / 1000);
}

/** From now on, this officer; null when the session is over. */
export function setOfficer(known) {
  current = known;
  endsAt = known ? performance.now() + known.seconds_left * 1000 : 0;
  for (const draw of listeners) draw();
}

/** Ask the server who is signed in, which counts as work. Nobody is no failure. */
export async function refreshOfficer() {
  try {
    setOfficer(await call("GET", "/v1/officer", { quiet: true }));
  } catch (failure) {
    if (failure.status !== 401) throw failure;
    setOfficer(null);
  }
}

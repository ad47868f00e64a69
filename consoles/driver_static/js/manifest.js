// The day's stops as the city last told them, with what was pressed since and not heard there yet.
import { call } from "./api.js";
import { unsent } from "./taps.js";
import { now, setClock } from "./words.js";

const KEPT = "driver.manifest";
// A shift may last longer than planned; a phone that is found the next day knows nobody.
const AFTER_MS = 2 * 3600000;

/** What the city said last, or null: {now, version, vehicle, driver, shift, is_broken, breaks, stops}. Kept on this phone until the shift is over. */
export function kept() {
  let found = null;
  try {
    found = JSON.parse(window.localStorage.getItem(KEPT));
  } catch {
    forgetManifest();
  }
  if (!found || Date.now() < Date.parse(found.shift.ends_at) + AFTER_MS) return found;
  forgetManifest();
  return null;
}

/** Ask for the day. Raises Refusal or Unreached. */
export async function fetchManifest() {
  const found = await call("GET", "/v1/driver/manifest");
  setClock(found.now);
  window.localStorage.setItem(KEPT, JSON.stringify(found));
  return found;
}

/** Names, doors and telephone numbers leave this phone with whoever drove. */
export function forgetManifest() {
  window.localStorage.removeItem(KEPT);
}

/** The stops of `manifest` as they stand once everything that was pressed has arrived. */
export function stopsOf(manifest) {
  const stops = manifest.stops.map((stop) => ({ ...stop, isUnsent: false }));
  for (const tap of unsent(manifest.vehicle.number)) {
    const stop = stops.find(({ id }) => id === tap.stop);
    if (!stop) continue;
    stop.isUnsent = true;
    if (tap.deed === "arrival") Object.assign(stop, { status: "arrived", arrived_at: tap.at });
    if (tap.deed === "aboard" || tap.deed === "out") stop.status = "done";
    if (tap.deed === "no_show") {
      stop.status = "no_show";
      for (const other of stops) if (other.trip === stop.trip && other !== stop) other.status = "cancelled";
    }
  }
  return stops;
}

/** The stop that is next to be driven to or left, or undefined. */
export function nextOf(stops) {
  return stops.find(isOpen);
}

/** Whether something is left to do there. */
export function isOpen({ status }) {
  return status === "planned" || status === "arrived";
}

/** Whether the wait at a stop is long enough that a no-show may be said. */
export function mayBeAbsent(stop) {
  return !stop.no_show_from || now() >= Date.parse(stop.no_show_from);
}

/** Whether the driver rests now: as the city knows it, or as was pressed since. */
export function restSince(manifest) {
  const pressed = unsent(manifest.vehicle.number).filter(({ deed }) => deed.startsWith("break_")).pop();
  if (pressed) return pressed.deed === "break_begin" ? pressed.at : null;
  return restOf(manifest)?.began_at || null;
}

/** The rest that is taken now, or the next that is planned: {starts_at, starts_by, minutes, began_at}; undefined where none is left. */
export function restOf(manifest) {
  const left = manifest.breaks.filter(({ ended_at: endedAt }) => !endedAt);
  return left.find(({ began_at: beganAt }) => beganAt) || left[0];
}

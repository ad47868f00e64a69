// Where the van is: told to the city while somebody drives and looks at this page, and written beside arrivals and no-shows.
import { Refusal, Unreached, call } from "./api.js";
import { now } from "./words.js";

const EVERY_MS = 15000;
const STALE_MS = 60000;
let watching = null;
let last = null;
let toldAt = 0;
let isAllowed = true;
let onChange = () => {};

/** Begin to look where the phone is; `changed()` when whether it may be known has changed. */
export function watchPlace(changed) {
  onChange = changed;
  if (watching !== null || !navigator.geolocation) return;
  watching = navigator.geolocation.watchPosition(({ coords }) => {
    last = { latitude: round(coords.latitude), longitude: round(coords.longitude), seenAt: Date.now() };
    allow(true);
    tell();
  }, ({ code }) => { if (code === 1) allow(false); }, { enableHighAccuracy: true, maximumAge: 5000 });
}

/** Stop looking. */
export function forgetPlace() {
  if (watching !== null) navigator.geolocation.clearWatch(watching);
  watching = null;
  last = null;
}

/** {latitude, longitude} of a minute ago at the most, or {}. */
export function placeNow() {
  if (!last || Date.now() - last.seenAt > STALE_MS) return {};
  return { latitude: last.latitude, longitude: last.longitude };
}

/** Whether this phone lets the page know where it is. */
export function mayBeKnown() {
  return isAllowed;
}

/** Only the newest place is worth anything: one that is not heard is not sent again. */
async function tell() {
  if (Date.now() - toldAt < EVERY_MS) return;
  toldAt = Date.now();
  try {
    await call("PUT", "/v1/driver/position", { body: { ...placeNow(), at: new Date(now()).toISOString() }, quiet: true });
  } catch (failure) {
    if (!(failure instanceof Unreached || failure instanceof Refusal)) throw failure;
  }
}

function allow(isNow) {
  if (isAllowed === isNow) return;
  isAllowed = isNow;
  onChange();
}

function round(degrees) {
  return Math.round(degrees * 1e6) / 1e6;
}

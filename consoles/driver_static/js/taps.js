// What the driver pressed, until the city knows it: written down before it is sent, with its Idempotency-Key and its moment, sent one after the
// other in the order in which it was pressed, and kept while there is no network, the page is closed or the phone restarts.
import { Unreached, call } from "./api.js";
import { now } from "./words.js";

const KEPT = "driver.taps";
const REFUSED = "driver.refused";
const MOST_REFUSED = 20;
const UNDO_MS = 5000;
const TOO_MANY = "driver-too-many-tries";
let underWay = null;
let turn = Promise.resolve();
let onChange = () => {};

/** `changed()` whenever something was pressed, sent, refused or taken back. */
export function whenTapsChange(changed) {
  onChange = changed;
}

/** What the city has not heard yet, oldest first: {key, vehicle, stop, deed, path, body, at, sendAt}. */
export function unsent(vehicle) {
  return read(KEPT).filter((tap) => !vehicle || tap.vehicle === vehicle);
}

/** What the city refused after it was pressed without network: {deed, stop, at, title, detail, key}. */
export function refused() {
  return read(REFUSED);
}

/** The driver has read it. */
export function understood(key) {
  write(REFUSED, refused().filter((each) => each.key !== key));
}

/** Write down that `deed` was done (at `stop`, or null) and send it as soon as may be; `canUndo`: it may be taken back for five seconds. */
export function press(vehicle, { deed, stop = null, path, body = {}, canUndo = false }) {
  const at = new Date(now()).toISOString();
  const tap = { key: crypto.randomUUID(), vehicle, stop, deed, path, body: { ...body, at }, at, sendAt: Date.now() + (canUndo ? UNDO_MS : 0) };
  // Whoever goes on has meant what they pressed before.
  write(KEPT, [...unsent().map((each) => ({ ...each, sendAt: 0 })), tap]);
  return tap;
}

/** Take back what was not sent yet. Answers whether that was in time. */
export function undo(key) {
  const left = unsent().filter((tap) => tap.key !== key);
  const isInTime = left.length < unsent().length && underWay !== key;
  if (isInTime) write(KEPT, left);
  return isInTime;
}

/** Whether it is still kept back so that it can be taken back. */
export function canUndo(tap) {
  return tap.sendAt > Date.now();
}

/**
 * Send what is due of this vehicle, one by one, until something is not reached. `live` names a tap that somebody waits for with the phone in their hand:
 * its refusal is raised, any other's is kept to be shown. Answers how many were answered.
 */
export function send(vehicle, { live = null } = {}) {
  const done = turn.then(() => sendAll(vehicle, live));
  turn = done.catch(() => {});
  return done;
}

async function sendAll(vehicle, live) {
  let answered = 0;
  for (let tap = next(vehicle); tap; tap = next(vehicle)) {
    underWay = tap.key;
    try {
      await call("POST", tap.path, { body: tap.body, key: tap.key });
    } catch (failure) {
      const isWaitedFor = tap.key === live;
      if (failure instanceof Unreached || isStillOpen(failure, isWaitedFor)) return answered;
      forget(tap);
      if (isWaitedFor) throw failure;
      const { key, deed, stop, at } = tap;
      write(REFUSED, [...refused(), { key, deed, stop, at, title: failure.title, detail: failure.detail }].slice(-MOST_REFUSED));
      continue;
    } finally {
      underWay = null;
      answered += 1;
    }
    forget(tap);
  }
  return answered;
}

function next(vehicle) {
  const [first] = unsent(vehicle);
  return first && first.sendAt <= Date.now() ? first : null;
}

/** Signed out, still at work, or asked too fast: the tap itself has not been answered. Whoever waits is told of too many wrong codes at once. */
function isStillOpen({ status, slug }, isWaitedFor) {
  return status === 401 || (status === 429 && !(isWaitedFor && slug === TOO_MANY)) || slug === "idempotency-in-progress";
}

function forget({ key }) {
  write(KEPT, unsent().filter((tap) => tap.key !== key));
}

function read(name) {
  try {
    return JSON.parse(window.localStorage.getItem(name)) || [];
  } catch {
    return [];
  }
}

function write(name, list) {
  window.localStorage.setItem(name, JSON.stringify(list));
  onChange();
}

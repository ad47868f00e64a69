// This browser as an address for messages: subscribed at its push service, and registered with the city.
import { call } from "./api.js";
import { fromBase64url } from "./bytes.js";
import { t } from "./language.js";
import { state } from "./state.js";

const PATIENCE_MS = 25_000;
const WORKER_MS = 2_000;
const MOST_NOTICES = 10;

/** The browser's own push service cannot be reached, or turned us down: nothing that the city could mend. */
export class NoPushService extends Error {}

/** Somebody said no when the browser asked. */
export class NotAllowed extends Error {}

/**
 * How things stand for whoever is signed in: "unsupported", "not_installed" (an iPhone shows notices of web apps on its home
 * screen alone), "blocked", "off", "on", or "lost": turned on once, and the browser or its push service has dropped it since.
 */
export async function deviceStanding() {
  if (!isAble()) return isPlainIPhone() ? "not_installed" : "unsupported";
  if (Notification.permission === "denied") return "blocked";
  const device = await kept();
  if (!device) return "off";
  const subscription = await (await worker()).pushManager.getSubscription();
  const isHere = Notification.permission === "granted" && subscription?.endpoint === device.endpoint;
  return isHere && await isKnown(device) ? "on" : "lost";
}

/**
 * Subscribe and register. Call it from a tap: the browser asks whether notices may be shown, and only answers a tap.
 * Raises NotAllowed and NoPushService.
 */
export async function turnOn() {
  // First of all: a tap is good for a question for a few seconds only.
  if ((await Notification.requestPermission()) !== "granted") throw new NotAllowed();
  await oneAtATime(async () => {
    const { key } = await call("GET", "/v1/web-push-key");
    if (!key) throw new NoPushService();
    const registration = await worker();
    await register(registration, await subscribed(registration, key));
  });
}

/** Take the address back, so that the next person on this phone sees nothing of this one. */
export function turnOff() {
  return oneAtATime(async () => {
    const device = isAble() && await kept();
    if (!device) return;
    await call("DELETE", `/v1/devices/${encodeURIComponent(device.id)}`).catch((failure) => { if (failure.status !== 404) throw failure; });
    // The city sends it nothing any more; a worker or a push service that does not answer holds nobody up.
    await inTime(forget());
  });
}

async function forget() {
  const registration = await worker();
  await tell(registration, { kind: "forget" });
  await (await registration.pushManager.getSubscription())?.unsubscribe().catch(() => {});
}

/** Mend what the browser changed behind our back, where that needs nobody's word; called whenever the phone is opened. */
export function mendDevice() {
  return oneAtATime(async () => {
    if (!isAble() || Notification.permission !== "granted" || !await kept()) return;
    const registration = await worker();
    tell(registration, { kind: "send" });
    await takeAway(registration);
    if (await deviceStanding() !== "lost") return;
    const { key } = await call("GET", "/v1/web-push-key", { quiet: true });
    if (key) await register(registration, await subscribed(registration, key), { quiet: true });
  });
}

/** Notices of messages that were recalled since; the inbox knows. */
async function takeAway(registration) {
  const notices = (await registration.getNotifications()).filter(({ data }) => data?.id);
  await Promise.all(notices.slice(-MOST_NOTICES).map(async (notice) => {
    const message = await call("GET", `/v1/inbox/${encodeURIComponent(notice.data.id)}`, { quiet: true }).catch(() => null);
    if (message?.recalled_at && !message.alert) notice.close();
  }));
}

/** Which of the person's devices this one is: its id, or null. */
export async function deviceId() {
  if (!isAble() || Notification.permission !== "granted") return null;
  return (await kept())?.id ?? null;
}

let turn = Promise.resolve();

/** What mends must never mend what is being turned off. */
function oneAtATime(work) {
  const mine = turn.then(work, work);
  turn = mine.catch(() => {});
  return mine;
}

/** Whether the city still sends to it: it stops at the first word of the push service that nobody is there. */
async function isKnown(device) {
  const { items } = await call("GET", "/v1/devices", { quiet: true });
  return items.some((each) => each.id === device.id);
}

function isAble() {
  return window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

function isPlainIPhone() {
  return /iPhone|iPad/.test(navigator.userAgent) && !window.matchMedia("(display-mode: standalone)").matches;
}

function worker() {
  return navigator.serviceWorker.ready;
}

/** A new subscription for this key. An old one may be one that the push service has ended, so it is given up. */
async function subscribed(registration, key) {
  await (await registration.pushManager.getSubscription())?.unsubscribe();
  const asked = registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: fromBase64url(key) });
  // Some browsers never answer where their push service is out of reach.
  const late = new Promise((_, refuse) => { window.setTimeout(() => refuse(new NoPushService()), PATIENCE_MS); });
  try {
    return await Promise.race([asked, late]);
  } catch (failure) {
    if (failure.name === "NotAllowedError") throw new NotAllowed();
    throw new NoPushService();
  }
}

async function register(registration, subscription, { quiet = false } = {}) {
  const address = JSON.stringify(subscription);
  const device = await call("POST", "/v1/devices", { body: { kind: "webpush", address, name: t("passkey_default_name") }, quiet });
  const { endpoint } = subscription;
  const before = await kept();
  await tell(registration, { kind: "keep", device: device.id, key: device.receipt_key, person: state.me.id, endpoint });
  if (before && before.id !== device.id) await call("DELETE", `/v1/devices/${encodeURIComponent(before.id)}`, { quiet: true }).catch(() => {});
}

/** Say something to the service worker, and wait until it has done it; its answer. */
function tell(registration, words) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event) => resolve(event.data.answer);
    registration.active.postMessage(words, [port2]);
  });
}

/**
 * What the service worker knows of this device, if it is the one of whoever is signed in: {id, endpoint, person}. Nothing,
 * where no worker answers: none could be installed, or the one of an older version still stands.
 */
async function kept() {
  const device = await inTime(worker().then((registration) => tell(registration, { kind: "who" })));
  return device?.person === state.me?.id ? device : null;
}

/** What `work` answers; null where it takes too long. */
function inTime(work) {
  const late = new Promise((resolve) => { window.setTimeout(resolve, WORKER_MS, null); });
  return Promise.race([work, late]);
}

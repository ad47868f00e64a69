// Starts the driver's page: who drives which van, the screens, and what keeps them true with and without a network.
import { Refusal, Unreached, call, whenAnswered } from "./api.js";
import { keepAwake } from "./awake.js";
import { dayScreen } from "./day.js";
import { announce, el, fill, focusOn } from "./dom.js";
import { entrance } from "./entrance.js";
import { buildFrame } from "./frame.js";
import { fetchManifest, forgetManifest, isOpen, kept, nextOf, restSince, stopsOf } from "./manifest.js";
import { moreScreen } from "./more.js";
import { button, problemBox, settle } from "./parts.js";
import { stopView } from "./stop.js";
import { canUndo, press, refused, send, undo, understood, unsent, whenTapsChange } from "./taps.js";
import { forgetPlace, placeNow, watchPlace } from "./whereabouts.js";
import { isInSun, language, setClock, setLanguage, setSun, setTextSize, t, textSize } from "./words.js";

const LOOK_MS = 15000;
const SEND_MS = 2000;
const ON_ITS_WAY_MS = 3000;
const SAID_MS = 5000;
const WAYS = { arrival: "arrival", aboard: "aboard", out: "out", no_show: "no-show" };
const UNDOABLE = ["arrival", "out"];
const frame = buildFrame(document.getElementById("frame"), { go, understood, undo: takeBack });
let manifest = kept();
let leaving = new AbortController();
let drawn = "";
let isOver = false;
let knownStops = "";
let saidUntil = 0;

/** A screen for the address: {title, content, deeds, focus}. */
function screenOf(path, signal) {
  const stops = stopsOf(manifest);
  if (path === "/driver/day") return dayScreen({ stops, manifest });
  if (path === "/driver/more") {
    return moreScreen({ manifest, restingSince: restSince(manifest), unsentCount: unsent().length, pressed, redraw: () => show(), leave });
  }
  const named = path.match(/^\/driver\/stops\/(.+)$/);
  const stop = named ? stops.find(({ id }) => id === named[1]) : nextOf(stops);
  if (!stop) return nothingLeft();
  const following = !named && stops.slice(stops.indexOf(stop) + 1).find(isOpen);
  const view = stopView(stop, { pressed, signal, after: [
    !isOpen(stop) && el("p", { class: "notice" }, t(`status_${stop.status}`)),
    following && el("p", { class: "after" }, t("after_this"), " ", el("a", { href: `/driver/stops/${following.id}` }, `${t(following.kind === "pickup" ? "pick_up" : "drop_off")} ${following.rider?.name || following.place.label}`)),
  ] });
  return { title: t(stop.kind === "pickup" ? "pick_up" : "drop_off"), content: [manifest.is_broken && el("p", { class: "notice warn" }, t("van_broken")), ...view.words], deeds: view.deeds };
}

function nothingLeft() {
  return { title: t("all_done"), content: [manifest.is_broken && el("p", { class: "notice warn" }, t("van_broken")), el("h1", {}, t("all_done")), el("p", {}, t("all_done_detail"))] };
}

/** Draw the screen of the address. `isQuiet`: nobody went anywhere, something has changed behind it. */
function show({ isQuiet = false } = {}) {
  frame.show(manifest);
  drawTaps();
  const path = window.location.pathname.replace(/\/$/, "");
  const state = JSON.stringify([path, manifest, unsent(), language()]);
  if (isQuiet && state === drawn) return;
  drawn = state;
  leaving.abort();
  leaving = new AbortController();
  if (!manifest) {
    const [waiting] = unsent();
    draw(entrance({ unsentOf: waiting?.vehicle || null, isOver, onDone: signedIn }), { isQuiet: false });
    return;
  }
  draw(screenOf(path, leaving.signal), { isQuiet });
}

function draw({ title, content, deeds = [], focus }, { isQuiet }) {
  const had = isQuiet && [...document.querySelectorAll("main :is(a, button), .deeds button")].indexOf(document.activeElement);
  fill(frame.main, content);
  fill(frame.deeds, deeds);
  document.title = `${title} · ${t("app_name")}`;
  if (!isQuiet) {
    settle([...frame.deeds.children, ...frame.main.querySelectorAll(".rest-toggle")]);
    window.scrollTo(0, 0);
    focusOn(frame.main.querySelector(focus || "h1"));
  } else if (had >= 0) {
    const controls = [...document.querySelectorAll("main :is(a, button), .deeds button")];
    focusOn(controls[Math.min(had, controls.length - 1)]);
  }
}

function go(path) {
  if (path !== window.location.pathname) window.history.pushState({}, "", path);
  show();
}

/** The driver has done `deed`. Where somebody waits for the answer (a code, a no-show), a refusal is raised; the others may be taken back for five seconds. */
async function pressed(deed, stop, body) {
  const vehicle = manifest.vehicle.number;
  const isQuick = UNDOABLE.includes(deed);
  const tap = press(vehicle, { deed, stop: stop?.id || null, ...wire(deed, stop, body), canUndo: isQuick });
  frame.pressed(isQuick ? tap : null, { canUndo: true });
  if (isQuick) {
    announce(t(`said_${deed}`));
    show();
    return;
  }
  try {
    await send(vehicle, { live: tap.key });
  } catch (failure) {
    // What was said about it stays where it stands.
    show({ isQuiet: true });
    if (stop) await look();
    throw failure;
  }
  announce(t(`said_${deed}`));
  saidUntil = Date.now() + SAID_MS;
  frame.pressed(tap, { canUndo: false });
  show();
  await look();
}

/** The address and body of a deed. */
function wire(deed, stop, body) {
  if (deed.startsWith("break_")) return { path: "/v1/driver/break", body: { is_beginning: deed === "break_begin" } };
  if (deed === "incident") return { path: "/v1/driver/incident", body };
  return { path: `/v1/driver/stops/${stop.id}/${WAYS[deed]}`, body: deed === "arrival" ? { ...placeNow(), ...body } : body };
}

/** What can still be taken back, or is on its way this moment, is not called unsent yet. */
function drawTaps() {
  frame.taps(unsent().filter(({ sendAt }) => Date.now() > sendAt + (frame.isDown() ? 0 : ON_ITS_WAY_MS)), refused());
}

function takeBack(tap) {
  frame.pressed(null);
  announce(t(undo(tap.key) ? "undone" : "undo_late"));
  show();
}

/** Send what waits, as often as it takes. */
async function sendOn() {
  const vehicle = manifest?.vehicle.number;
  const all = unsent(vehicle);
  if (!all.some(canUndo) && Date.now() > saidUntil) frame.pressed(null);
  drawTaps();
  if (vehicle && all.length && await send(vehicle).catch(() => 0) > 0) await look();
  window.setTimeout(sendOn, SEND_MS);
}

/** Ask for the day again, and show what has become different. */
async function look() {
  if (!manifest) return;
  try {
    manifest = await fetchManifest();
  } catch (failure) {
    if (failure instanceof Unreached) return;
    if (failure instanceof Refusal) return;
    throw failure;
  }
  sayChange();
  show({ isQuiet: true });
}

/** Somebody at the desk has changed the order of stops: it is said, and felt. */
function sayChange() {
  const order = JSON.stringify(manifest.stops.filter(isOpen).map(({ id }) => id));
  const isNew = knownStops && manifest.stops.some(({ id, status }) => isOpen({ status }) && !knownStops.includes(id));
  knownStops = order;
  if (!isNew) return;
  announce(t("day_changed"), { urgent: true });
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([80, 60, 80]);
}

async function signedIn() {
  isOver = false;
  manifest = await fetchManifest();
  knownStops = "";
  watchPlace(() => show({ isQuiet: true }));
  if (!window.location.pathname.startsWith("/driver/stops")) window.history.replaceState({}, "", "/driver");
  show();
}

function signedOut() {
  if (!manifest) return;
  isOver = true;
  over();
}

function over() {
  manifest = null;
  forgetManifest();
  forgetPlace();
  show();
}

async function leave() {
  await call("DELETE", "/v1/driver/session", { quiet: true }).catch((failure) => { if (!(failure instanceof Refusal && failure.status === 401)) throw failure; });
  isOver = false;
  over();
}

async function start() {
  setLanguage(language());
  setTextSize(textSize());
  setSun(isInSun());
  whenAnswered({ reached: frame.reached, signedOut });
  whenTapsChange(drawTaps);
  keepAwake(new AbortController().signal);
  window.addEventListener("popstate", () => show());
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="/driver"]');
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });
  registerServiceWorker();
  try {
    manifest = await fetchManifest();
    watchPlace(() => show({ isQuiet: true }));
  } catch (failure) {
    if (failure instanceof Refusal) { manifest = null; forgetManifest(); }
    if (failure instanceof Unreached && manifest) setClock(new Date().toISOString());
    if (failure instanceof Unreached && !manifest) { unreached(failure); return; }
  }
  show();
  sendOn();
  window.setInterval(() => { if (!document.hidden) look(); }, LOOK_MS);
}

/** Nothing is kept here and nothing can be asked. */
function unreached(failure) {
  frame.show(null);
  draw({ title: t("app_name"), content: [el("h1", {}, t("app_name")), problemBox(failure), button(t("try_again"), () => window.location.reload(), { kind: "primary big" })] }, { isQuiet: false });
}

function registerServiceWorker() {
  if (!("serviceWorker" in navigator)) return;
  const address = "/driver/sw.js";
  const policy = window.trustedTypes?.createPolicy("driver", {
    createScriptURL: (text) => { if (text !== address) throw new TypeError(text); return text; },
  });
  navigator.serviceWorker.register(policy ? policy.createScriptURL(address) : address, { scope: "/driver" }).catch(() => {});
}

start();

// Starts the till: who this device is, who is at it, and the three screens between which a cashier goes.
import { Refusal, call, whenAnswered } from "./api.js";
import { settleGivenUp, unanswered } from "./asking.js";
import { announce, el, fill, focusOn } from "./dom.js";
import { enrolScreen, shiftScreen } from "./entrance.js";
import { buildFrame } from "./frame.js";
import { button, problemBox } from "./parts.js";
import { showResult } from "./result.js";
import { saleScreen } from "./sale.js";
import { play, wakeOnTouch } from "./sounds.js";
import { line, todayScreen } from "./today.js";
import { totalsScreen } from "./totals.js";
import { watchDay } from "./watch.js";
import { language, points, setClock, setLanguage, setTextSize, t, textSize } from "./words.js";

const SETTLE_MS = 5000;
const LATEST = 4;
const SCREENS = { "/till": saleScreen, "/till/today": todayScreen, "/till/totals": totalsScreen };
let till = null;
let leaving = new AbortController();
const watch = watchDay({ onArrived: arrived });
const frame = buildFrame(document.getElementById("frame"), { go, redraw: show, onShiftEnd: endShift });

function arrived(redemption) {
  play("arrived");
  const words = t("arrived", { points: points(redemption.points) });
  announce(words, { urgent: true });
  frame.say("good", words);
}

function go(path) {
  if (path !== window.location.pathname) window.history.pushState({}, "", path);
  return show();
}

/** Draw a screen: {title, content, focus}. */
function draw({ title, content, focus }) {
  fill(frame.main, content);
  document.title = `${title} · ${t("app_name")}`;
  window.scrollTo(0, 0);
  focusOn(frame.main.querySelector(focus || "h1"));
}

/** The screen of the address; before it, whoever is not known yet is led to enrolment or shift. */
async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  if (!till) { await start(); return; }
  frame.show(till);
  if (!till.staff) {
    watch.stop();
    draw(shiftScreen({ till, hasUnanswered: unanswered().length > 0, onDone: start }));
    return;
  }
  watch.start();
  const screen = SCREENS[window.location.pathname.replace(/\/$/, "")] || saleScreen;
  draw(screen({ till, watch, signal, latest: latest(signal), redraw: show }));
}

/** What came in last, beside the keys. */
function latest(signal) {
  const list = el("ul", { class: "lines", role: "list" });
  const block = el("section", { class: "latest" }, el("h2", {}, t("latest")), list);
  const redraw = () => {
    fill(list, watch.items().slice(0, LATEST).map((each) => el("li", {}, el("div", { class: "line" }, line(each)))));
    block.hidden = watch.items().length === 0;
  };
  watch.onChange(redraw, signal);
  redraw();
  return block;
}

async function start() {
  try {
    till = await call("GET", "/v1/till", { quiet: true });
  } catch (failure) {
    till = null;
    frame.show(null);
    watch.stop();
    if (failure instanceof Refusal && failure.status === 401) { draw(enrolScreen({ onDone: start })); return; }
    draw({ title: t("app_name"), content: el("div", { class: "narrow" }, el("h1", {}, t("app_name")), problemBox(failure), button(t("try_again"), start, { kind: "primary big" })) });
    return;
  }
  setClock(till.now);
  await show();
  resume();
}

/** What was asked before this page was closed or somebody's shift ended is asked again, as the same. */
function resume() {
  if (!till?.staff || document.querySelector(".result")) return;
  const [ask] = unanswered().filter(({ isGivenUp }) => !isGivenUp);
  if (ask) showResult(ask, { till, onNext: () => { show(); resume(); }, onRepeat: () => go("/till") });
}

async function endShift() {
  await call("DELETE", "/v1/till/shift", { quiet: true }).catch((failure) => { if (!(failure instanceof Refusal)) throw failure; });
  await start();
}

async function settle() {
  if (till?.staff && unanswered().some(({ isGivenUp }) => isGivenUp)) {
    for (const { ask, outcome } of await settleGivenUp().catch(() => [])) {
      frame.say(outcome === "kept" ? "bad" : "good", t(`given_up_${outcome}`, { points: points(ask.body.points) }));
      watch.look();
    }
    frame.waiting(unanswered().filter(({ isGivenUp }) => isGivenUp).length);
  }
  window.setTimeout(settle, SETTLE_MS);
}

setLanguage(language());
setTextSize(textSize());
wakeOnTouch();
whenAnswered({ reached: frame.reached, turnedAway: () => start() });
window.addEventListener("popstate", show);
start();
settle();

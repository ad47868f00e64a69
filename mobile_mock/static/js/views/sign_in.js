// Sign in or register: a passkey or number and password first, every other way below, then a passkey for this phone.
import { announce, el, fill, focusOn } from "../dom.js";
import { harbour, icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, problemPanel } from "../parts.js";
import { AlreadyHere, addPasskey, canOfferQuietly, passkeysWork, signInWithPasskey } from "../passkeys.js";
import { drawRegistering } from "../registering.js";
import { go } from "../router.js";
import { METHODS, methodList, offered } from "../sign_in_methods.js";
import { keptReturn, takeReturn } from "../state.js";

const SHOWN_FIRST = ["passkey", "password_sms"];

/** `?new=1` opens the form to register, `?method=…` one of the ways to sign in; `words` stand above it, `after` below. */
export function signIn({ query, signal }, { refreshMe, words = { title: t("welcome"), detail: t("welcome_detail") }, after }) {
  const card = el("section", { class: "card sign-in-card" });
  const page = { card, signal, refreshMe, remembers: false };
  if (query.get("new") === "1") drawNew(page);
  else if (METHODS[query.get("method")] && !SHOWN_FIRST.includes(query.get("method"))) drawOne(page, { method: query.get("method") });
  else drawWays(page);
  return {
    title: t("sign_in"),
    content: [el("div", { class: "welcome" },
      el("div", { class: "welcome-hero" }, harbour(), el("h1", {}, words.title), el("p", {}, words.detail)),
      card, after)],
  };
}

function drawWays(page) {
  const first = el("div", { class: "passkey-entry" });
  const form = el("div");
  const others = el("div");
  const choice = tabs(page, { isNew: false });
  const or = el("p", { class: "or" }, el("span", {}, t("or_password")));
  fill(page.card, choice, passkeysWork() && [first, or], form, remembering(page), others);
  if (passkeysWork()) METHODS.passkey.draw(around(page, first));
  METHODS.password_sms.draw(around(page, form, [choice, first, or, others]));
  drawOthers(page, others);
  offerQuietly(page);
}

function drawNew(page) {
  const form = el("div");
  const choice = tabs(page, { isNew: true });
  fill(page.card, choice, form);
  drawRegistering(around(page, form, [choice]));
}

/** What a way to sign in is given (see sign_in_methods.js). */
function around(page, card, beside = []) {
  return {
    card,
    signal: page.signal,
    acr: null,
    returnTo: keptReturn() || "/app",
    get quiet() { return page.quiet; },
    wants: () => ({ transport: "cookie", remember: page.remembers }),
    onlyThis: (isOnly) => { for (const each of beside) each.hidden = isOnly; },
    enter: (session) => enter(page, session),
  };
}

function tabs(page, { isNew }) {
  const tab = (text, isCurrent, onClick) => el("button", { type: "button", class: "tab", "aria-pressed": String(isCurrent), on: { click: onClick } }, text);
  return el("div", { class: "tabs", role: "group", "aria-label": t("sign_in_or_register") },
    tab(t("sign_in"), !isNew, () => drawWays(page)),
    tab(t("register"), isNew, () => drawNew(page)));
}

function remembering(page) {
  const box = el("input", { type: "checkbox", class: "check", checked: page.remembers, on: { change: () => { page.remembers = box.checked; } } });
  return el("label", { class: "remember" }, box, el("span", {}, el("span", { class: "remember-words" }, t("remember_me")),
    el("span", { class: "hint" }, t("remember_me_hint"))));
}

async function drawOthers(page, place) {
  try {
    const items = (await offered({ signal: page.signal })).filter((item) => !SHOWN_FIRST.includes(item.method));
    if (items.length === 0) return;
    fill(place, el("h2", { class: "section-title" }, t("other_ways")), methodList(items, (item) => drawOne(page, item)),
      buttonLink(t("enrol_way"), "/app/enrol", { kind: "quiet wide", iconName: "key" }));
  } catch (failure) {
    if (failure.name !== "AbortError") fill(place, problemPanel(failure, { retry: () => drawOthers(page, place) }));
  }
}

/** One of the other ways, alone, with a way back to all. */
async function drawOne(page, { method, label }) {
  page.quiet?.abort();
  const title = el("h2", {}, label || t("sign_in"));
  const form = el("div");
  const back = () => { drawWays(page); focusOn(page.card.querySelector("button")); };
  fill(page.card, button(t("all_ways"), back, { kind: "small quiet", iconName: "back" }), title, form, remembering(page));
  focusOn(title);
  METHODS[method].draw(around(page, form));
  if (label) return announce(label);
  const item = (await offered({ signal: page.signal }).catch(() => [])).find((each) => each.method === method);
  return item && fill(title, item.label);
}

/** The browser lists passkeys inside the number field, where it can. */
async function offerQuietly(page) {
  if (page.quiet || !(await canOfferQuietly()) || page.signal.aborted) return;
  page.quiet = new AbortController();
  page.signal.addEventListener("abort", () => page.quiet.abort());
  try {
    await enter(page, await signInWithPasskey({ signal: page.quiet.signal, mediation: "conditional" }));
  } catch {
    // Nobody asked for this offer, so nobody is told that it came to nothing.
  }
}

async function enter(page, session) {
  page.quiet?.abort();
  if (!session.has_passkey && passkeysWork() && await mayAddPasskey(page)) return drawPasskeyOffer(page);
  return arrive(page);
}

async function arrive({ refreshMe }) {
  await refreshMe();
  await go(takeReturn() || "/app", { replace: true });
}

async function mayAddPasskey(page) {
  const passkey = (await offered({ signal: page.signal })).find((item) => item.method === "passkey");
  return Boolean(passkey?.can_be_set_up_now);
}

/** Offer a passkey for this phone in `page.card`; then, or when it is turned down, on to where they were going. */
export function drawPasskeyOffer(page) {
  const problem = el("div");
  const later = button(t("later"), () => busy(later, problem, () => arrive(page)), { kind: "quiet wide" });
  const add = button(t("add_passkey"), () => busy(add, problem, async () => {
    try {
      await addPasskey(t("passkey_default_name"));
    } catch (failure) {
      if (!(failure instanceof AlreadyHere)) throw failure;
    }
    await arrive(page);
  }), { kind: "primary wide", iconName: "finger" });
  const title = el("h2", {}, t("passkey_offer"));
  fill(page.card, el("div", { class: "dialog-icon" }, icon("finger")), title, el("p", {}, t("passkey_offer_detail")),
    el("ul", { class: "ticks" }, ["passkey_good_1", "passkey_good_2", "passkey_good_3"].map((key) => el("li", {}, icon("check"), t(key)))),
    problem, add, later);
  focusOn(title);
}

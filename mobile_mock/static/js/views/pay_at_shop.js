// Paying with points at a till: the code that changes every 30 seconds, also without a network, and what became of it.
import { Refusal, Unreached, call } from "../api.js";
import { keepAwake } from "../awake.js";
import { chime, isSoundOn, setSound } from "../chime.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { clockText } from "../format.js";
import { sentences, t } from "../language.js";
import { button, buttonLink, heading, notice, problemPanel } from "../parts.js";
import { cityTime, forgetPayKey, keptPayKey, newPayKey } from "../pay_key.js";
import { pointsText } from "../point_words.js";
import { soundOf, wordsOf } from "../redemption_words.js";
import { watchRedemptions } from "../redemption_watch.js";
import { go } from "../router.js";
import { state } from "../state.js";
import { bigSwitch } from "../switch.js";
import { payCodeSheet } from "./pay_code_sheet.js";
import { askForConsent, resultCard } from "./redemption_parts.js";

const LOOK_AGAIN_MS = 2000;

export async function payAtShop({ signal }) {
  const title = t("pay_at_shop");
  const sheet = payCodeSheet(signal);
  const result = el("div");
  const standing = el("div");
  const problem = el("div");
  const found = await present(signal);
  const screen = { signal, sheet, result, standing, problem, key: null, isReached: !found.isKept, isAsking: false, isRenewing: false, standingShown: "" };
  if (found.key) use(screen, found.key);
  if (found.failure) fill(problem, problemPanel(found.failure, { retry: () => renew(screen) }));
  sheet.block.hidden = !found.key;
  keepAwake(signal);
  watchRedemptions(signal, (redemption) => heard(screen, redemption));
  const timer = window.setInterval(() => keepFresh(screen), LOOK_AGAIN_MS);
  signal.addEventListener("abort", () => window.clearInterval(timer), { once: true });
  window.addEventListener("online", () => renew(screen), { signal });
  window.addEventListener("offline", () => lost(screen), { signal });
  return {
    title,
    content: [heading(title, { back: "/app/points", backText: t("points_title") }), result, problem, standing, sheet.block,
      el("p", { class: "hint centre" }, t("pay_brightness")),
      el("section", { class: "card" }, bigSwitch(t("pay_sound"), isSoundOn(), (isOn) => { setSound(isOn); if (isOn) chime("good"); }, { hint: t("pay_sound_hint") }).block),
      el("section", { class: "card" }, el("h2", {}, t("pay_how")), el("ol", { class: "how-to" }, [1, 2, 3].map((step) => el("li", {}, t(`pay_how_${step}`))))),
      el("div", { class: "actions column" }, buttonLink(t("type_shop_code"), "/app/shops", { kind: "quiet wide", iconName: "store" }),
        button(t("put_codes_away"), () => putAway(), { kind: "quiet wide" }))],
  };
}

/** The key to begin with: a new one, or without a network the one that this phone still holds. */
async function present(signal) {
  try {
    return { key: await newPayKey(state.me?.id, { signal }) };
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    const kept = failure instanceof Unreached ? await keptPayKey(state.me?.id) : null;
    return { key: kept, isKept: true, failure: kept ? null : failure };
  }
}

function use(screen, key) {
  screen.key = key;
  screen.sheet.setKey(key);
  screen.sheet.block.hidden = false;
  fill(screen.problem);
  showStanding(screen);
}

async function renew(screen) {
  if (screen.isRenewing) return;
  screen.isRenewing = true;
  try {
    const key = await newPayKey(state.me?.id, { signal: screen.signal });
    screen.isReached = true;
    use(screen, key);
  } catch (failure) {
    if (failure instanceof Unreached) lost(screen);
    if (failure instanceof Refusal) fill(screen.problem, problemPanel(failure, { retry: () => renew(screen) }));
  } finally {
    screen.isRenewing = false;
  }
}

function lost(screen) {
  screen.isReached = false;
  showStanding(screen);
}

/** Another key in time; where the city cannot be reached, what that means is said once and stands there. */
async function keepFresh(screen) {
  if (!screen.key) return;
  const mayBeBack = !screen.isReached && navigator.onLine;
  if (mayBeBack || cityTime(screen.key) >= screen.key.renewAfter) await renew(screen);
  if (cityTime(screen.key) >= screen.key.validUntil) {
    screen.sheet.block.hidden = true;
    screen.key = null;
    forgetPayKey();
  }
  showStanding(screen);
}

function showStanding(screen) {
  const { key } = screen;
  const now = !key ? "over" : cityTime(key) >= key.onlineUntil || !screen.isReached ? "offline" : "online";
  if (now === screen.standingShown) return;
  screen.standingShown = now;
  if (now === "online") {
    fill(screen.standing, el("p", { class: "pay-limit" }, t("pay_online", { points: pointsText(key.confirmAbove) })));
  } else if (now === "offline") {
    const words = t("pay_offline", { points: pointsText(key.offlineMost), time: clockText(key.validUntil) });
    fill(screen.standing, notice("warn", words, el("p", {}, t("pay_offline_detail"))));
    announce(words);
  } else {
    fill(screen.standing, notice("warn", t("pay_over"), el("p", {}, t("pay_over_detail"))));
    announce(t("pay_over"), { urgent: true });
  }
}

async function heard(screen, redemption) {
  if (redemption.status === "awaiting_citizen") {
    if (screen.isAsking) return;
    screen.isAsking = true;
    chime("ask");
    screen.sheet.used();
    await askForConsent(redemption, screen.signal);
    screen.isAsking = false;
    // The passkey has raised the sign-in, and with the old one the key has ended.
    renew(screen);
    return;
  }
  const { title, detail } = wordsOf(redemption);
  chime(soundOf(redemption));
  announce(sentences(title, detail), { urgent: redemption.status !== "done" });
  if (["done", "held"].includes(redemption.status)) screen.sheet.used();
  fill(screen.result, resultCard(redemption));
  window.scrollTo(0, 0);
  focusOn(screen.result.querySelector("h2"));
}

async function putAway() {
  await forgetPayKey();
  call("DELETE", "/v1/points/pay-codes", { quiet: true, outlivesPage: true }).catch(() => {});
  announce(t("codes_put_away"));
  go("/app/points");
}

// Pieces of paying at a shop: how it ended, and "do you agree?".
import { Unreached, call } from "../api.js";
import { randomText } from "../bytes.js";
import { countdown } from "../countdown.js";
import { announce, el } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, freshId } from "../parts.js";
import { pointsElement, pointsSpoken, pointsText } from "../point_words.js";
import { iconOf, toneOf, wordsOf } from "../redemption_words.js";

const MOST_SECONDS = 60;

/** How it ended, large; with the way to its own page unless it stands there. */
export function resultCard(redemption, { isOwnPage = false } = {}) {
  const { title, detail } = wordsOf(redemption);
  return el("section", { class: `card pay-result ${toneOf(redemption)}` }, el("div", { class: "pay-seal" }, icon(iconOf(redemption))),
    el("h2", { tabindex: "-1" }, title), el("p", { class: "figure" }, pointsElement(redemption.points)), el("p", { class: "pay-shop" }, redemption.shop), detail && el("p", { class: "hint" }, detail),
    !isOwnPage && buttonLink(t("see_redemption"), `/app/points/redemptions/${redemption.id}`, { kind: "quiet small" }));
}

/** A dialog that asks for the passkey or a no, until either is given or the time is over. */
export function askForConsent(redemption, signal) {
  return new Promise((resolve) => {
    const id = freshId("consent");
    const done = new AbortController();
    const { block } = consentPart(redemption, { signal: done.signal, onAnswered: () => dialog.close() });
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": id, on: { close: () => { done.abort(); dialog.remove(); resolve(); } } },
      el("div", { class: "dialog-icon" }, icon("shield")), el("h2", { id }, t("redemption_consent_title", { shop: redemption.shop })), block,
      el("div", { class: "actions" }, button(t("later"), () => dialog.close(), { kind: "quiet small" })));
    signal.addEventListener("abort", () => dialog.close(), { once: true });
    document.body.append(dialog);
    dialog.showModal();
    announce(t("consent_said", { shop: redemption.shop, points: pointsSpoken(redemption.points) }), { urgent: true });
  });
}

/** The amount, the time that is left, yes with the passkey and no. `onAnswered(redemption)`: it stands otherwise now; null when the time is over. */
export function consentPart(redemption, { signal, onAnswered }) {
  const problem = el("div");
  const answers = { confirmation: randomText(), refusal: randomText() };
  const answer = (which) => (event) => busy(event.currentTarget, problem, async () => {
    const address = `/v1/points/redemptions/${encodeURIComponent(redemption.id)}`;
    try {
      onAnswered(await call("POST", `${address}/${which}`, { key: answers[which], inNameOf: null }));
    } catch (failure) {
      if (!(failure instanceof Unreached) && failure.slug === "redemption-not-now") onAnswered(await call("GET", address));
      else throw failure;
    }
  });
  const yes = button(t("consent_yes", { points: pointsText(redemption.points) }), answer("confirmation"), { kind: "primary wide", iconName: "finger" });
  const no = button(t("consent_no"), answer("refusal"), { kind: "quiet wide" });
  const left = countdown(redemption.answer_by, { mostSeconds: MOST_SECONDS, key: "consent_left", sayAt: [30, 10], signal, onOver: () => onAnswered(null) });
  return { block: el("div", { class: "consent-part" }, el("p", { class: "figure centre" }, pointsElement(redemption.points)), el("p", {}, t("consent_why")), left, problem, yes, no) };
}

// The last look before a ride is bound: all that is agreed to, and yes.
import { attemptKey, endAttempt } from "../attempts.js";
import { Refusal, Unreached, call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { moneyText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, notice } from "../parts.js";
import { journey, fareElement } from "../ride_words.js";
import { forgetDraft } from "../ride_draft.js";
import { go } from "../router.js";
import { timeText, windowText } from "../ride_times.js";
import { offerFacts, offerSpoken, pooledPromise } from "./ride_offers.js";

/** `picked`: [{leg, offer}]; `isChosenForMe`: where a fleet says no, the next one is taken; `body` is what is sent, with what one has read that all of it costs. */
export function confirmPart(picked, { isChosenForMe = false, willCall, onBack, body, signal }) {
  const problem = el("div");
  let agreed = picked.reduce((sum, { offer }) => sum + (offer?.rider_pays_twd || 0), 0);
  const yes = button(t("confirm_yes"), () => busy(yes, problem, async () => {
    announce(t("confirm_holding"));
    fill(problem, el("p", { class: "asking" }, t("confirm_holding")));
    try {
      const wanted = { ...body, agreed_twd: agreed };
      const made = await call("POST", "/v1/rides", { body: wanted, key: attemptKey("ride", wanted), signal });
      endAttempt("ride");
      forgetDraft();
      await go(`/app/rides/${made.rides[0].id}`, { replace: true });
    } catch (failure) {
      if (failure instanceof Unreached) {
        fill(problem, notice("warn", t("confirm_unsure"), el("p", {}, t("confirm_unsure_detail"))));
        announce(t("confirm_unsure"), { urgent: true });
        return;
      }
      endAttempt("ride");
      if (failure instanceof Refusal && failure.slug === "ride-price-changed") {
        agreed = failure.problem.rider_pays_twd;
        const title = t("confirm_costs_more", { amount: moneyText(agreed) });
        fill(problem, notice("warn", title, el("p", {}, t("confirm_costs_more_detail"))));
        announce(title, { urgent: true });
        return;
      }
      throw failure;
    }
  }), { kind: "accent wide tall", iconName: "check" });
  return el("section", { class: "card confirm" }, el("h2", { tabindex: "-1" }, t("confirm_title")),
    picked.map(({ leg, offer }) => el("div", { class: "confirm-leg" }, el("h3", {}, journey(leg)), legFacts(offer))),
    isChosenForMe && notice("info", t("confirm_next_ones"), el("p", {}, t("confirm_next_ones_detail"))),
    willCall && notice("info", t("confirm_will_call"), el("p", {}, t("confirm_will_call_detail"))),
    picked.length > 1 && notice("info", t("confirm_both"), el("p", {}, t("confirm_both_detail"))),
    el("p", { class: "hint" }, picked[0].offer?.cancellation_words || t("confirm_cancel_later")),
    problem, yes, button(t("confirm_back"), onBack, { kind: "quiet wide" }));
}

function legFacts(offer) {
  return [
    el("p", { class: "unseen" }, offerSpoken(offer)),
    el("p", { class: "offer-when", "aria-hidden": "true" }, icon("clock"), el("strong", { class: "capital" }, windowText(offer.window_starts_at, offer.window_ends_at))),
    el("p", { class: "offer-when", "aria-hidden": "true" }, icon("pin"), el("span", {}, t("offer_there_by"), " ", el("strong", {}, timeText(offer.arrives_at)))),
    el("p", { class: "offer-fare" }, el("span", {}, offer.fleet_name, " · ", t("offer_you_pay")), " ", fareElement(offer)),
    offer.is_pooled && pooledPromise(offer),
    offerFacts(offer),
  ];
}

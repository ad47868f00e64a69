// After a ride: what it cost and paying it, how it was, and something left behind.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { randomText } from "../bytes.js";
import { announce, el, fill } from "../dom.js";
import { money } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, field, fieldError, freshId, notice } from "../parts.js";
import { fareLines } from "./ride_offers.js";
import { optional } from "./rides.js";

const STARS = [5, 4, 3, 2, 1];

export function afterRide(ride, { address, signal }) {
  const bill = el("section", { class: "card" }, el("h2", {}, t("fare_title")));
  optional(`${address}/receipt`, signal).then((receipt) => drawFare(bill, ride, receipt)).catch(() => {});
  return [bill, ratingPart(ride, address), lostPart(ride, address)];
}

function drawFare(place, ride, receipt) {
  const fare = receipt || ride;
  const billId = fare.bill_id || ride.bill_id;
  fill(place, el("h2", {}, t("fare_title")),
    fareLines(receipt?.lines || [], fare.rider_pays_twd === null || fare.rider_pays_twd === undefined ? t("fare_not_known") : money(fare.rider_pays_twd, "strong")),
    receipt?.payment_id ? buttonLink(t("receipt_open"), `/app/payments/${receipt.payment_id}/receipt`, { kind: "wide", iconName: "bills" })
      : billId && mayNow("payments:pay") && buttonLink(t("fare_pay"), `/app/bills/${billId}`, { kind: "accent wide", iconName: "card" }),
    !billId && !receipt?.payment_id && el("p", { class: "hint" }, t("fare_later")));
}

function ratingPart(ride, address) {
  if (ride.rating || ride.may?.rate === false) return ride.rating && notice("good", t("rating_given"));
  const name = freshId("stars");
  const problem = el("div");
  const error = fieldError();
  const words = field(t("rating_words"), { maxlength: "500", hint: t("rating_words_hint") });
  const key = randomText();
  const choices = STARS.map((stars) => el("label", { class: "choice small" }, el("input", { type: "radio", class: "radio", name, value: stars }), el("span", {}, t(`rating_${stars}`))));
  const send = button(t("rating_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const chosen = form.querySelector("input:checked");
    error.say(chosen ? "" : t("rating_missing"));
    if (!chosen) { choices[0].querySelector("input").focus(); return; }
    busy(send, problem, async () => {
      await call("POST", `${address}/rating`, { body: { stars: Number(chosen.value), words: words.input.value.trim() }, key });
      fill(form, notice("good", t("rating_given")));
      announce(t("rating_given"));
    });
  };
  const form = el("form", { class: "card form", novalidate: true, on: { submit } }, el("fieldset", { class: "choices", "aria-describedby": error.id }, el("legend", {}, t("rating_title")), choices), error.element, words.block,
    el("p", { class: "hint" }, t("rating_unseen")), problem, send);
  return form;
}

function lostPart(ride, address) {
  const problem = el("div");
  const what = field(t("lost_what"), { maxlength: "120", hint: t("lost_what_hint") });
  const key = randomText();
  const send = button(t("lost_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    what.setError(what.input.value.trim() ? "" : t("lost_missing"));
    if (!what.input.value.trim()) { what.input.focus(); return; }
    busy(send, problem, async () => {
      await call("POST", `${address}/lost-items`, { body: { what: what.input.value.trim() }, key });
      fill(form, notice("good", t("lost_sent"), el("p", {}, t("lost_sent_detail"))));
      announce(t("lost_sent"));
    });
  };
  const form = el("form", { class: "form", novalidate: true, on: { submit } }, what.block, problem, send);
  return el("details", { class: "card" }, el("summary", {}, t("lost_title")), form);
}

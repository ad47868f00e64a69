// After a ride: what it cost and paying it, how it was, something left behind, something to complain of.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { money } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, field, fieldError, freshId, notice } from "../parts.js";
import { selectField } from "../select_field.js";
import { forgetTyped, keeping, keepTyped, typed } from "../typed.js";
import { fareLines } from "./ride_offers.js";
import { optional } from "./rides.js";

const STARS = [5, 4, 3, 2, 1];

const FARE_AGAIN_MS = 8000;
const KINDS = ["late", "driver", "vehicle", "pooling", "fare", "booking", "other"];

/** The parts, filled in as the API answers. */
export function afterRide(ride, { address, signal }) {
  const [fare, rating, lost] = [el("section", { class: "card" }, el("h2", {}, t("fare_title"))), el("div"), el("div")];
  let fareDrawn = "";
  const later = (work) => { if (!signal.aborted) window.setTimeout(work, FARE_AGAIN_MS); };
  const follow = async () => {
    try {
      const known = await optional(`${address}/fare`, signal);
      if (JSON.stringify(known) !== fareDrawn) drawFare(fare, known);
      fareDrawn = JSON.stringify(known);
      if (!known?.is_settled) later(follow);
    } catch {
      // Without network, until there is one.
      later(follow);
    }
  };
  const load = async () => {
    try {
      const [rated, things] = await Promise.all([optional(`${address}/rating`, signal), optional("/v1/rider/lost-items", signal)]);
      fill(rating, ratingPart(rated, ride, address));
      fill(lost, lostPart((things?.items || []).filter((each) => each.ride_id === ride.id), ride, address));
    } catch {
      later(load);
    }
  };
  follow();
  load();
  return [fare, rating, lost, complaintPart(ride)];
}

/** What a late cancellation costs, and where to pay it. */
export function feePart(address, signal) {
  const part = el("section", { class: "card" }, el("h2", {}, t("ride_fee")));
  const follow = async () => {
    const known = await optional(`${address}/fare`, signal);
    if (known?.is_settled) drawFare(part, known, t("ride_fee"));
    else if (!signal.aborted) window.setTimeout(() => follow().catch(() => {}), FARE_AGAIN_MS);
  };
  follow().catch(() => {});
  return part;
}

function drawFare(place, fare, title = t("fare_title")) {
  fill(place, el("h2", {}, title), fare?.is_settled ? [
    fareLines(fare.lines, money(fare.rider_pays_twd, "strong")), el("p", {}, fare.paid_by_words),
    fare.bill_id && mayNow("bills:read", "payments:pay") && (fare.bill_status === "unpaid"
      ? buttonLink(t("fare_pay"), `/app/bills/${fare.bill_id}`, { kind: "accent wide", iconName: "card" })
      : buttonLink(t("receipt_open"), `/app/bills/${fare.bill_id}`, { kind: "wide", iconName: "bills" })),
  ] : el("p", { class: "hint" }, t("fare_later")));
}

function ratingPart(rated, ride, address) {
  const name = freshId("stars");
  const kept = `rating.${ride.id}`;
  const before = typed(kept) || rated;
  const problem = el("div");
  const error = fieldError();
  const words = field(t("rating_words"), { maxlength: "500", hint: t("rating_words_hint"), value: before?.words || "" });
  const choices = STARS.map((stars) => el("label", { class: "choice small" }, el("input", { type: "radio", class: "radio", name, value: stars, checked: Number(before?.stars) === stars }), el("span", {}, t(`rating_${stars}`))));
  const send = button(t("rating_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const chosen = form.querySelector("input:checked");
    error.say(chosen ? "" : t("rating_missing"));
    if (!chosen) { choices[0].querySelector("input").focus(); return; }
    busy(send, problem, async () => {
      await call("POST", `${address}/rating`, { body: { stars: Number(chosen.value), words: words.input.value.trim() } });
      forgetTyped(kept);
      fill(problem, notice("good", t("rating_given")));
      announce(t("rating_given"));
    });
  };
  const keep = () => keepTyped(kept, { stars: form.querySelector("input:checked")?.value, words: words.input.value });
  const form = el("form", { class: "card form", novalidate: true, on: { submit, input: keep } }, el("fieldset", { class: "choices", "aria-describedby": error.id }, el("legend", {}, t("rating_title")), choices), error.element, words.block,
    el("p", { class: "hint" }, t("rating_unseen")), problem, send);
  return form;
}

/** What is looked for already, and something more. */
function lostPart(things, ride, address) {
  const kept = `lost.${ride.id}`;
  const problem = el("div");
  const list = el("ul", { class: "lines", role: "list" }, things.map(thing));
  const what = keeping(field(t("lost_what"), { maxlength: "120", hint: t("lost_what_hint") }), kept);
  const send = button(t("lost_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    what.setError(what.input.value.trim() ? "" : t("lost_missing"));
    if (!what.input.value.trim()) { what.input.focus(); return; }
    busy(send, problem, async () => {
      list.append(thing(await call("POST", `${address}/lost-items`, { body: { what: what.input.value.trim() } })));
      what.input.value = "";
      forgetTyped(kept);
      fill(problem, notice("good", t("lost_sent"), el("p", {}, t("lost_sent_detail"))));
      announce(t("lost_sent"));
    });
  };
  return el("details", { class: "card", open: things.length > 0 || Boolean(what.input.value) }, el("summary", {}, t("lost_title")), list, el("form", { class: "form", novalidate: true, on: { submit } }, what.block, problem, send));
}

function thing(item) {
  return el("li", {}, el("strong", {}, item.what), el("span", {}, item.status_words, item.kept_at && [" · ", item.kept_at]));
}

function complaintPart(ride) {
  const kept = `complaint.${ride.id}`;
  const problem = el("div");
  const kind = keeping(selectField(t("complaint_kind"), KINDS.map((code) => [code, t(`complaint_${code}`)])), `${kept}.kind`);
  const words = keeping(field(t("complaint_words"), { tag: "textarea", rows: "3", maxlength: "2000" }), kept);
  const send = button(t("complaint_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    words.setError(words.input.value.trim() ? "" : t("complaint_missing"));
    if (!words.input.value.trim()) { words.input.focus(); return; }
    busy(send, problem, async () => {
      await call("POST", "/v1/ride-complaints", { body: { ride_id: ride.id, kind: kind.input.value, words: words.input.value.trim() } });
      words.input.value = "";
      forgetTyped(kept);
      fill(problem, notice("good", t("complaint_sent")));
      announce(t("complaint_sent"));
    });
  };
  return el("details", { class: "card", open: Boolean(words.input.value) }, el("summary", {}, t("complaint_title")), el("form", { class: "form", novalidate: true, on: { submit } }, el("p", { class: "hint" }, t("complaint_unseen")), kind.block, words.block, problem, send));
}

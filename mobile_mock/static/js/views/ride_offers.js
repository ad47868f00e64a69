// What fleets offer: as cards that read well aloud, on wide screens as a table.
import { el } from "../dom.js";
import { money, moneyText } from "../format.js";
import { icon } from "../icons.js";
import { sentences, t } from "../language.js";
import { button, facts, mark } from "../parts.js";
import { timeText, whenText, windowText } from "../ride_times.js";
import { confidenceWords, fareElement, fareSpoken, vehicleWords } from "../ride_words.js";

const WIDE = "(min-width: 60em)";

/** `onChoose(offer)`, or nothing where the person may only look. */
export function offersPart(request, { title, onChoose }) {
  const offers = request.offers.filter((offer) => offer.can_be_taken !== false).sort((one, other) => Number(other.is_recommended || false) - Number(one.is_recommended || false));
  const isTable = window.matchMedia(WIDE).matches && offers.length > 1 && document.documentElement.dataset.textSize !== "200";
  return el("section", { class: "offers", "aria-label": title }, el("h2", { class: "section-title", tabindex: "-1" }, title),
    isTable ? table(offers, onChoose) : el("ul", { class: "list", role: "list" }, offers.map((offer) => card(offer, onChoose))));
}

/** One offer as one would read it out on the telephone. */
export function offerSpoken(offer) {
  return sentences(
    t("offer_spoken", { fleet: offer.fleet_name, window: windowText(offer.window_starts_at, offer.window_ends_at), arrives: timeText(offer.arrives_at), fare: fareSpoken(offer) }),
    offer.is_pooled && t("offer_spoken_pooled", { n: offer.ride_minutes_at_most }));
}

function card(offer, onChoose) {
  return el("li", { class: "card ride-offer" },
    el("h3", {}, offer.fleet_name, offer.is_recommended && el("span", { class: "step best" }, t("offer_best"))),
    el("p", { class: "offer-when" }, icon("clock"), el("span", {}, t("offer_comes"), " ", el("strong", {}, windowText(offer.window_starts_at, offer.window_ends_at)))),
    el("p", { class: "offer-when" }, icon("pin"), el("span", {}, t("offer_there_by"), " ", el("strong", {}, timeText(offer.arrives_at)))),
    el("p", { class: "offer-fare" }, el("span", {}, t("offer_you_pay")), " ", fareElement(offer)),
    paidForYou(offer),
    offer.is_pooled && pooledPromise(offer),
    offerFacts(offer),
    onChoose && button(t("offer_take"), () => onChoose(offer), { kind: "primary wide", "aria-label": t("offer_take_of", { fleet: offer.fleet_name, when: whenText(offer.pick_up_at) }) }));
}

/** What riding with others means here, with the promise: shown before one agrees. */
export function pooledPromise(offer) {
  return el("p", { class: "pooled" }, icon("people"), el("span", {}, t("offer_pooled", { n: offer.ride_minutes_at_most })));
}

/** The rest of an offer: vehicle and fit, how sure, and how the price is made up. */
export function offerFacts(offer) {
  return [
    facts([
      [t("offer_vehicle"), vehicleWords(offer.vehicle)],
      offer.fit && [t("offer_fit"), mark(offer.fit.fits === false ? "bad" : "good", offer.fit.words || t("fit_good"), offer.fit.fits === false ? "overdue" : "check")],
      [t("offer_sure"), confidenceWords(offer)],
      !offer.is_pooled && [t("offer_alone"), t("offer_alone_yes")],
    ], "ride-facts"),
    el("details", {}, el("summary", {}, t("offer_price_how")), priceFacts(offer)),
  ];
}

/** From the fleet's price to what the rider pays, line by line. */
export function priceFacts(offer) {
  const fare = offer.fare || {};
  return el("div", {}, fareLines(fare.lines || [], fareElement(offer)), offer.is_metered && el("p", { class: "hint" }, t("fare_metered_hint")), fare.source && el("p", { class: "hint" }, fare.source));
}

/** Lines of a fare and what is left to pay; a line without an amount only says something. */
export function fareLines(lines, leftToPay) {
  const [said, counted] = [lines.filter((line) => line.amount_twd === 0), lines.filter((line) => line.amount_twd !== 0)];
  return [facts([...counted.map((line) => [line.words, el("span", {}, line.amount_twd < 0 && "− ", money(Math.abs(line.amount_twd)))]), [t("offer_you_pay"), leftToPay]]),
    said.map((line) => el("p", { class: "hint" }, line.words))];
}

/** Who pays the rest: said beside the price, not behind a fold. */
export function paidForYou({ price_twd: price, fare }) {
  const parts = [fare?.subsidy_twd > 0 && t("price_subsidy_of", { amount: moneyText(fare.subsidy_twd) }), fare?.quota_twd > 0 && t("price_quota_of", { amount: moneyText(fare.quota_twd) })].filter(Boolean);
  return parts.length > 0 && el("p", { class: "hint" }, t("price_of_all", { price: moneyText(price) }), parts.join(t("and_so")));
}

function table(offers, onChoose) {
  const head = ["offer_fleet_and_vehicle", "offer_comes", "offer_there_by", "offer_you_pay", "offer_sure"];
  return el("div", { class: "table-scroll" }, el("table", { class: "offer-table" },
    el("thead", {}, el("tr", {}, head.map((key) => el("th", { scope: "col" }, t(key))), onChoose && el("th", { scope: "col" }, el("span", { class: "unseen" }, t("offer_take"))))),
    el("tbody", {}, offers.map((offer) => el("tr", {},
      el("th", { scope: "row" }, offer.fleet_name, offer.is_recommended && el("span", { class: "step best" }, t("offer_best")), el("span", { class: "hint" }, vehicleWords(offer.vehicle)), offer.fit && el("span", { class: "hint" }, offer.fit.words), offer.is_pooled && pooledPromise(offer)),
      el("td", {}, windowText(offer.window_starts_at, offer.window_ends_at)), el("td", {}, timeText(offer.arrives_at)),
      el("td", {}, fareElement(offer), paidForYou(offer)),
      el("td", {}, confidenceWords(offer)),
      onChoose && el("td", {}, button(t("offer_take"), () => onChoose(offer), { kind: "primary small", "aria-label": t("offer_take_of", { fleet: offer.fleet_name, when: whenText(offer.pick_up_at) }) })))))));
}

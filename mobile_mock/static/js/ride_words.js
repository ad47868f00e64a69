// What the states of a ride and of a request mean for the person, in words, a tone and a sign.
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { hasText, sentences, t } from "./language.js";
import { money, moneySpoken } from "./format.js";
import { mark } from "./parts.js";
import { minutesUntil, timeText, whenText, windowText } from "./ride_times.js";

const TONES = {
  will_call: "info", holding: "warn", bound: "good", on_the_way: "good", at_door: "good", aboard: "good", done: "good",
  not_bound: "bad", cancelled: "info", no_show: "bad", reseeking: "warn", lost: "bad",
};
const ICONS = {
  will_call: "wait", holding: "wait", bound: "check", on_the_way: "car", at_door: "bell", aboard: "car", done: "check",
  not_bound: "overdue", cancelled: "cross", no_show: "overdue", reseeking: "wait", lost: "overdue",
};
// Further off than this nobody counts minutes.
const MOST_MINUTES = 120;
/** States in which nothing more will happen to a ride. */
export const OVER = new Set(["done", "cancelled", "no_show", "not_bound", "lost"]);
/** States in which it changes within minutes. */
export const MOVING = new Set(["holding", "on_the_way", "at_door", "aboard", "reseeking"]);

/** The state as one word with its sign. */
export function rideMark(ride) {
  return mark(TONES[ride.status] || "info", rideState(ride.status), ICONS[ride.status] || "info");
}

/** Its tone for a notice. */
export function rideTone(ride) {
  return ride.minutes_late > 0 && !OVER.has(ride.status) ? "warn" : TONES[ride.status] || "info";
}

/** The state in a word or two. */
export function rideState(status) {
  return hasText(`ride_state_${status}`) ? t(`ride_state_${status}`) : status;
}

/** {title, detail}: how things stand with this ride now, as one would tell somebody on the telephone. */
export function rideNews(ride) {
  const values = { fleet: ride.fleet_name || "", when: whenOfRide(ride), minutes: Math.max(1, minutesUntil(ride.eta_at || ride.pick_up_at)), time: ride.eta_at ? timeText(ride.eta_at) : "" };
  const title = isCalled(ride) ? "ride_news_called" : ride.status === "on_the_way" && !(ride.eta_at && minutesUntil(ride.eta_at) <= MOST_MINUTES) ? "ride_news_on_the_way_plain" : `ride_news_${ride.status}`;
  const detail = isCalled(ride) ? "ride_news_called_detail" : `ride_news_${ride.status}_detail`;
  return { title: hasText(title) ? t(title, values) : ride.status_words || ride.status, detail: sentences(ride.end_words, t2(detail, values)) };
}

/** Whether somebody said "I am ready" and nothing was free yet. */
export function isCalled(ride) {
  return ride.status === "will_call" && (ride.events || []).some(({ kind }) => kind === "ready");
}

function t2(key, values) {
  return hasText(key) ? t(key, values) : "";
}

/** When it is: the window in which it comes, or that one calls it when ready. */
export function whenOfRide(ride) {
  if (ride.status === "will_call" || !(ride.pick_up_at || ride.window_starts_at)) return t("ride_when_ready");
  return ride.window_starts_at ? windowText(ride.window_starts_at, ride.window_ends_at) : whenText(ride.pick_up_at);
}

/** How sure an offer is, in words. */
export function confidenceWords(offer) {
  if (offer.confidence_words) return offer.confidence_words;
  if (offer.confidence >= 0.9) return t("confidence_high");
  return t(offer.confidence >= 0.7 ? "confidence_good" : "confidence_low");
}

/** What comes, in one line: the model and how one gets in. */
export function vehicleWords(vehicle) {
  if (!vehicle) return "";
  const ways = [vehicle.has_lift && t("vehicle_lift"), vehicle.has_ramp && t("vehicle_ramp")].filter(Boolean);
  return [vehicle.model, ways.join(t("and_so")), vehicle.chair_places > 0 && t("vehicle_chairs", { n: vehicle.chair_places })].filter(Boolean).join(" · ");
}

/** What the rider pays, and whether that is only about. */
export function fareElement(offer) {
  const amount = money(offer.rider_pays_twd, "strong");
  return offer.is_metered ? el("span", {}, t("fare_about"), " ", amount) : amount;
}

/** The same, said. */
export function fareSpoken(offer) {
  return offer.is_metered ? `${t("fare_about")} ${moneySpoken(offer.rider_pays_twd)}` : moneySpoken(offer.rider_pays_twd);
}

/** From and to, with an arrow for the eye and a word for the ear. */
export function journey(ride) {
  return el("span", { class: "journey" }, el("span", {}, placeName(ride.from)), icon("forward"), el("span", { class: "unseen" }, t("ride_to_word")), el("span", {}, placeName(ride.to)));
}

/** A place in a few letters. */
export function placeName(place) {
  return place?.name || place?.label || place?.address || place?.district_name || "";
}

// One ride, most of all on its day: how things stand, who comes in what, where the vehicle is, the code to say, and what one can do.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { randomText } from "../bytes.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { money } from "../format.js";
import { icon } from "../icons.js";
import { sentences, t } from "../language.js";
import { keepLooking } from "../looking.js";
import { busy, button, buttonLink, facts, heading, notice } from "../parts.js";
import { addressOf, nameOf } from "../place_choice.js";
import { MOVING, OVER, journey, rideMark, rideNews, rideTone, vehicleWords, whenOfRide } from "../ride_words.js";
import { go, show } from "../router.js";
import { minutesUntil, timeText, whenText } from "../ride_times.js";
import { afterRide, feePart } from "./ride_after.js";
import { liveMap } from "./ride_map.js";
import { whatNow } from "./ride_none.js";

const MOVING_MS = 4000;
const RESTING_MS = 20_000;
const SOON_MINUTES = 90;
const ABOUT_MINUTES = 20;
const WITHOUT_VEHICLE = ["will_call", "holding", "reseeking", "not_bound", "lost"];
const STEPS = ["bound", "on_the_way", "at_door", "aboard", "done"];

export async function ride({ path, signal }) {
  const address = `/v1/rides/${encodeURIComponent(path.id)}`;
  let current = await call("GET", address, { signal });
  const title = t("ride_title");
  const live = livePart();
  const rest = el("div");
  let said = "";
  let restDrawn = "";

  const draw = ({ isFirst = false } = {}) => {
    const words = sentences(...Object.values(rideNews(current)), lateWords(current));
    live.show(current);
    if (words !== said) {
      // What changes only by a minute is for the eye; a new state, or that it comes late, is said.
      const isNew = said.split(/[0-9]/)[0] !== words.split(/[0-9]/)[0] || !isFirst;
      if (!isFirst && isNew) announce(words, { urgent: ["at_door", "lost", "reseeking", "cancelled", "not_bound"].includes(current.status) });
      said = words;
    }
    const { position, eta_at: eta, events, ...slow } = current;
    const standing = JSON.stringify(slow);
    if (standing !== restDrawn) {
      restDrawn = standing;
      const wasHere = rest.contains(document.activeElement);
      drawRest(rest, current, { address, signal });
      if (wasHere) focusOn(live.block.querySelector(".ride-news-title"));
    }
  };
  const look = async () => {
    current = await call("GET", address, { signal, quiet: true });
    draw();
  };
  const pause = () => {
    if (OVER.has(current.status)) return null;
    const isSoon = current.pick_up_at && minutesUntil(current.pick_up_at) < SOON_MINUTES;
    return MOVING.has(current.status) || current.is_cancelling || current.is_changing || isSoon ? MOVING_MS : RESTING_MS;
  };
  draw({ isFirst: true });
  keepLooking(look, pause, signal);
  return { title: `${title} ${whenOfRide(current)}`, content: [heading(title, { back: "/app/rides", backText: t("rides_title") }), live.block, rest] };
}

function lateWords(current) {
  return current.minutes_late > 0 && !OVER.has(current.status) && current.status !== "aboard" ? t("ride_late", { n: current.minutes_late, time: current.eta_at ? timeText(current.eta_at) : "" }) : "";
}

/** What changes by the minute. Each piece is drawn anew only when it says something else: whoever reads it is not interrupted. */
function livePart() {
  const map = liveMap();
  const pieces = [[newsPiece, (ride) => [rideNews(ride), lateWords(ride), rideTone(ride), ride.status]], [stepsPiece, (ride) => ride.status], [codePiece, (ride) => [ride.status, ride.code]],
    [(ride) => mapPiece(ride, map), (ride) => ride.position && [ride.status, ride.position, ride.eta_at]]].map(([draw, keyOf]) => ({ draw, keyOf, place: el("div"), drawn: null }));
  return { block: el("div", { class: "ride-live" }, pieces.map(({ place }) => place)), show: (ride) => {
    for (const piece of pieces) {
      const key = JSON.stringify(piece.keyOf(ride));
      if (key !== piece.drawn) fill(piece.place, piece.draw(ride));
      piece.drawn = key;
    }
  } };
}

function newsPiece(current) {
  const { title, detail } = rideNews(current);
  const late = lateWords(current);
  return el("section", { class: `ride-news notice ${rideTone(current)}`, "aria-label": t("ride_now") }, icon(current.status === "at_door" ? "bell" : "car"),
      el("div", {}, el("p", { class: "ride-news-title" }, title), detail && el("p", {}, detail), late && el("p", { class: "ride-late" }, late)));
}

function codePiece({ status, code }) {
  if (!["bound", "on_the_way", "at_door"].includes(status) || !code) return null;
  return el("section", { class: "card ride-code" }, el("h2", {}, t("ride_code")), el("p", { class: "figure" }, [...code].join(" ")), el("p", { class: "hint" }, t("ride_code_hint")));
}

function mapPiece(current, map) {
  if (!["on_the_way", "at_door", "aboard"].includes(current.status) || !current.position) return null;
  return el("section", { class: "card" }, el("h2", {}, t("ride_where")), map.show(current), el("p", { class: "hint" }, t("ride_seen", { time: timeText(current.position.seen_at) })));
}

/** Five steps; which one it is stands in words too. */
function stepsPiece(current) {
  const at = STEPS.indexOf(current.status);
  if (at < 0) return el("p", { class: "ride-state" }, rideMark(current));
  return el("ol", { class: "ride-steps", "aria-label": t("ride_steps") }, STEPS.map((step, place) => el("li", { class: place < at ? "past" : place === at ? "now" : "", "aria-current": place === at && "step" },
    icon(place <= at ? "check" : "minus"), el("span", {}, t(`ride_step_${step}`)))));
}

function drawRest(place, current, { address, signal }) {
  const { may } = current;
  const isMine = mayNow("rides:book");
  fill(place,
    ["lost", "not_bound"].includes(current.status) && [buttonLink(t("book_again"), `/app/rides/book?again=${current.id}`, { kind: "accent wide", iconName: "car" }), whatNow(current)],
    current.is_cancelling && notice("warn", t("ride_cancelling")), current.is_changing && notice("info", t("ride_changing")),
    isMine && current.status === "not_bound" && buttonLink(t("ride_others"), `/app/rides/requests/${current.request_id}`, { kind: "wide", iconName: "car" }),
    isMine && may.ready && readyPart(address, signal),
    isMine && current.status === "done" && afterRide(current, { address, signal }),
    isMine && current.status === "cancelled" && current.fee_twd > 0 && feePart(address, signal),
    isMine && doorPart(current, address, signal),
    current.fleet_name && !WITHOUT_VEHICLE.includes(current.status) && vehicleCard(current),
    el("section", { class: "card" }, el("h2", {}, t("ride_what")), el("p", { class: "ride-journey" }, journey(current)),
      facts([
        [t("ride_when_word"), whenOfRide(current)],
        current.arrives_at && [t("offer_there_by"), whenText(current.arrives_at)],
        current.is_pooled && current.ride_minutes_at_most && [t("ride_promise"), t("ride_promise_minutes", { n: current.ride_minutes_at_most })],
        [t("ride_from"), placeLines(current.from)],
        ...(current.stops || []).map((stop, at) => [t("book_stop_n", { n: at + 1 }), placeLines(stop)]),
        [t("ride_to"), placeLines(current.to)],
        [t("book_companions"), current.companions ? t("companions_n", { n: current.companions }) : t("companions_none")],
        current.has_dog && [t("book_dog"), t("yes_word")],
        current.notes && [t("book_notes"), current.notes],
        current.rider_pays_twd !== null && current.rider_pays_twd !== undefined && [t("offer_you_pay"), money(current.rider_pays_twd, "strong")],
        current.fee_twd > 0 && [t("ride_fee"), money(current.fee_twd)],
      ], "ride-facts"),
      current.other_leg_id && buttonLink(t(current.leg === "back" ? "ride_other_out" : "ride_other_back"), `/app/rides/${current.other_leg_id}`, { kind: "wide", iconName: current.leg === "back" ? "car" : "undo" }),
      current.series_id && el("p", {}, el("a", { class: "link", href: "/app/rides/series" }, t("ride_of_series")))),
    isMine && !OVER.has(current.status) && el("div", { class: "actions column" },
      may.change && buttonLink(t("ride_change"), `/app/rides/${current.id}/change`, { kind: "quiet wide", iconName: "clock" }),
      may.cancel && buttonLink(t("ride_cancel"), `/app/rides/${current.id}/cancel`, { kind: "quiet wide", iconName: "cross" })),
    isMine && ["cancelled", "no_show", "done"].includes(current.status) && el("div", { class: "actions column" },
      current.status === "no_show" && buttonLink(t("no_shows_title"), "/app/rides/no-shows", { kind: "quiet wide" }),
      buttonLink(t("book_again"), `/app/rides/book?again=${current.id}`, { kind: "quiet wide", iconName: "repeat" })),
    history(current));
}

function placeLines(place) {
  return el("span", {}, nameOf(place), addressOf(place) && el("span", { class: "hint block" }, addressOf(place)), place.directions && el("span", { class: "hint block" }, place.directions));
}

function vehicleCard(current) {
  const phone = current.driver?.phone || current.fleet_phone;
  return el("section", { class: "card" }, el("h2", {}, t("ride_vehicle")),
    el("p", {}, el("strong", {}, current.fleet_name)),
    facts([
      current.vehicle?.number && [t("plate"), el("span", { class: "plate" }, current.vehicle.number)],
      current.vehicle && [t("offer_vehicle"), vehicleWords(current.vehicle)],
      current.driver?.name && [t("ride_driver"), current.driver.name],
    ]),
    !current.driver?.name && !OVER.has(current.status) && el("p", { class: "hint" }, t("ride_driver_later")),
    phone && !OVER.has(current.status) && buttonLink(t(current.driver?.phone ? "ride_ring_driver" : "ride_ring_fleet"), `tel:${phone.replace(/[^0-9+]/g, "")}`, { kind: "wide", iconName: "phone" }));
}

/** "I am ready": the way back that waits until one is done. */
function readyPart(address, signal) {
  const problem = el("div");
  const key = randomText();
  const press = button(t("ready_press"), () => busy(press, problem, async () => {
    announce(t("ready_asking"));
    await call("POST", `${address}/ready`, { body: {}, key, signal });
    await show();
  }), { kind: "accent wide tall", iconName: "bell" });
  return el("section", { class: "card" }, el("h2", {}, t("ready_title")), el("p", {}, t("ready_detail")), problem, press);
}

/** Saying that one stands at the door, or that nothing came. */
function doorPart(current, address, signal) {
  const { may } = current;
  const isAbout = MOVING.has(current.status) || (current.window_starts_at && minutesUntil(current.window_starts_at) < ABOUT_MINUTES);
  const says = [may.at_door && isAbout && ["at-door", "door_here", "door_here_done", "bell"], may.not_here && ["not-here", "door_nothing", "door_nothing_done", "overdue"]].filter(Boolean);
  if (says.length === 0) return null;
  const problem = el("div");
  return el("section", { class: "card" }, el("h2", {}, t("door_title")), problem, el("div", { class: "actions column" }, says.map(([verb, words, done, iconName]) => {
    const key = randomText();
    const press = button(t(words), () => busy(press, problem, async () => {
      await call("POST", `${address}/${verb}`, { body: {}, key, signal });
      fill(problem, notice("good", t(done)));
      announce(t(done), { urgent: true });
    }), { kind: "wide", iconName });
    return press;
  })));
}

function history(current) {
  const events = (current.events || []).filter((event) => event.words);
  if (events.length === 0) return null;
  return el("details", { class: "card" }, el("summary", {}, t("ride_history")), el("ul", { class: "lines", role: "list" }, events.map((event) => el("li", {}, el("span", {}, event.words), el("span", { class: "hint" }, whenText(event.at))))));
}

/** After going back to a ride from a page about it: its heading is where reading goes on. */
export async function backToRide(id) {
  await go(`/app/rides/${id}`, { replace: true });
  focusOn(document.querySelector("h1"));
}

// Rides: book one, those to come, those behind, and what one is about to get (waitlists, series).
import { acting, mayNow } from "../acting.js";
import { call } from "../api.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { keepLooking } from "../looking.js";
import { buttonLink, empty, growingList, heading, notice } from "../parts.js";
import { journey, rideMark, whenOfRide } from "../ride_words.js";
import { taipeiDay } from "../ride_times.js";
import { bigSwitch } from "../switch.js";
import { eligibilityNotice } from "./eligibility_notice.js";
import { dayOf } from "../format.js";

const AGAIN_MS = 20_000;

export async function rides({ signal, query }) {
  const isPast = query.get("when") === "past";
  const load = (cursor, { quiet = false } = {}) => call("GET", `/v1/rides?when=${isPast ? "past" : "upcoming"}&limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal, quiet });
  const [first, eligibility, waits, noShows] = await Promise.all([
    load(), optional("/v1/rider/eligibility", signal), optional("/v1/waitlist", signal), optional("/v1/rider/no-shows", signal)]);
  const other = acting();
  const follows = other && !isPast ? await optional("/v1/ride-notices", signal) : null;
  const mayBook = mayNow("rides:book");
  const waiting = el("div");
  const listed = el("div");
  let drawn = "";
  const draw = (page, waits) => {
    const now = JSON.stringify([page.items.map((ride) => [ride.id, ride.status, whenOfRide(ride), ride.fleet_name]), waits]);
    if (now === drawn) return;
    drawn = now;
    const held = listed.contains(document.activeElement) && document.activeElement.getAttribute("href");
    fill(waiting, (waits?.items || []).map(waitNotice));
    fill(listed, page.items.length === 0 ? nothing(isPast) : growingList(page, load, (ride) => rideRow(ride, { isPast, mayBook })));
    if (held) focusOn(listed.querySelector(`a[href="${held}"]`));
  };
  const look = async () => draw(...await Promise.all([load(null, { quiet: true }), optional("/v1/waitlist", signal)]));
  const title = other ? t("rides_title_for", { name: other.name }) : t("rides_title");
  const tab = (href, key, isCurrent) => el("a", { class: "tab", href, "aria-current": isCurrent && "page" }, t(key));
  draw(first, waits);
  if (!isPast) keepLooking(look, () => AGAIN_MS, signal);
  return {
    title,
    content: [heading(title), !isPast && [
      noShows?.suspended_until && notice("bad", t("rides_suspended"), el("p", {}, noShows.words), el("a", { class: "link", href: "/app/rides/no-shows" }, t("no_shows_title"))),
      eligibilityNotice(eligibility),
      mayBook && buttonLink(t("book_ride"), "/app/rides/book", { kind: "accent wide tall book-ride", iconName: "car" }),
      waiting,
      follows && followSwitch(other, follows)],
    el("nav", { class: "tabs", "aria-label": title }, tab("/app/rides", "rides_upcoming", !isPast), tab("/app/rides?when=past", "rides_past", isPast)),
    listed,
    el("ul", { class: "list", role: "list" },
      door("/app/rides/profile", "me", "rider_title", "rider_hint"),
      door("/app/rides/places", "pin", "rider_places_title", "rider_places_hint"),
      door("/app/rides/series", "repeat", "series_title", "series_hint"),
      door("/app/rides/quota", "coins", "quota_title", "quota_hint"),
      door("/app/rides/no-shows", "shield", "no_shows_title", "no_shows_hint"),
      door("/app/rides/fleets", "phone", "fleets_title", "fleets_hint"))],
  };
}

/** What the API has, or null where it says no: the page works without it. */
export async function optional(path, signal) {
  try {
    return await call("GET", path, { signal, quiet: true, mayAsk: false });
  } catch (failure) {
    if (failure.name === "AbortError" || !failure.status) throw failure;
    return null;
  }
}

/** Whether whoever acts for somebody is told of their rides, too. */
function followSwitch(other, follows) {
  return el("section", { class: "card" }, bigSwitch(t("follow_rides", { name: other.name }), follows.is_wanted, async (wanted) => {
    await call("PUT", "/v1/ride-notices", { body: { is_wanted: wanted } });
    announce(t("saved"));
  }, { hint: t("follow_rides_hint") }).block);
}

function nothing(isPast) {
  return isPast ? empty("history", t("no_past_rides")) : empty("car", t("no_rides"), t("no_rides_detail"));
}

function waitNotice(wait) {
  if (wait.status === "ended") return null;
  const isOffered = wait.status === "offered";
  return notice(isOffered ? "good" : "info", t(isOffered ? "wait_offered" : "wait_waiting", { rank: wait.rank, to: wait.to.label }),
    el("a", { class: "link", href: `/app/rides/waitlist/${wait.id}` }, t(isOffered ? "wait_answer" : "wait_see")));
}

function rideRow(ride, { isPast, mayBook }) {
  const isToday = ride.pick_up_at && dayOf(ride.pick_up_at) === taipeiDay() && !isPast;
  return el("li", { class: `row ride-row ${isToday ? "today" : ""}` },
    el("a", { class: "row-link", href: `/app/rides/${ride.id}` }, icon(ride.leg === "back" ? "undo" : "car", "large-icon"),
      el("span", { class: "row-words" }, el("span", { class: "row-title capital" }, whenOfRide(ride)), journey(ride),
        el("span", { class: "hint" }, [ride.leg === "back" && t("leg_back"), ride.fleet_name].filter(Boolean).join(" · ")), rideMark(ride)), icon("forward")),
    isPast && mayBook && el("div", { class: "row-more" }, buttonLink(t("book_again"), `/app/rides/book?again=${ride.id}`, { kind: "small quiet", iconName: "repeat", "aria-label": t("book_again_of", { from: ride.from.label || ride.from.address, to: ride.to.label || ride.to.address }) })));
}

function door(href, iconName, titleKey, hintKey) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href }, icon(iconName, "large-icon"),
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, t(titleKey)), el("span", { class: "hint" }, t(hintKey))), icon("forward")));
}

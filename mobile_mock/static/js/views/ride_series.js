// Rides that recur: their days, leaving one out and taking it up again, and stopping all of it with what is booked or without.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { randomText } from "../bytes.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { dateText } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, empty, heading, notice } from "../parts.js";
import { journey } from "../ride_words.js";
import { show } from "../router.js";
import { rideClock, rideDay, whenText } from "../ride_times.js";

const AGAIN_MS = 3000;

export async function rideSeries({ signal }) {
  const { items } = await call("GET", "/v1/ride-series", { signal });
  const title = t("series_title");
  return {
    title,
    content: [heading(title, { back: "/app/rides", backText: t("rides_title") }),
      items.length === 0 ? empty("repeat", t("series_none"), t("series_none_detail"), buttonLink(t("book_ride"), "/app/rides/book", { kind: "primary" })) : el("ul", { class: "list", role: "list" }, items.map((series) => seriesCard(series, signal)))],
  };
}

function seriesCard(series, signal) {
  const mayBook = mayNow("rides:book");
  return el("li", { class: "card" }, el("h2", { tabindex: "-1" }, t(series.time_kind === "arrive_by" ? "series_arrive_by" : "series_every", { days: series.weekdays_words, time: rideClock(series.at) })), el("p", {}, journey(series)), (series.return_at || series.return_on_call) && el("p", {}, series.return_on_call ? t("wanted_back_will_call") : t("series_back", { time: rideClock(series.return_at) })),
    el("p", { class: "hint" }, series.status_words, " · ", t("series_until", { date: dateText(series.until) })),
    progress(series, signal),
    series.next.length > 0 && el("ul", { class: "lines series-days", role: "list" }, series.next.map((day) => seriesDay(series, day))),
    mayBook && (series.status === "active" || (series.to_cancel > 0 && !series.cancellation)) && stopPart(series),
    mayBook && series.may_take_up && takeUp(series));
}

/** What became of the booked rides of a series that was stopped with them: said again as fleets answer. */
function progress(series, signal) {
  if (!series.cancellation) return null;
  const place = el("div");
  const draw = ({ under_way: left, words }) => fill(place, notice(left > 0 ? "info" : "good", t(left > 0 ? "series_cancelling" : "series_cancelled"), el("p", {}, words)));
  const look = async () => {
    if (signal.aborted) return;
    try {
      const { cancellation } = await call("GET", addressOf(series), { signal, quiet: true });
      if (cancellation && cancellation.words !== series.cancellation.words) { series.cancellation = cancellation; draw(cancellation); announce(cancellation.words); }
    } catch {
      // The next look may reach the city.
    }
    if (series.cancellation.under_way > 0 && !signal.aborted) window.setTimeout(look, AGAIN_MS);
  };
  draw(series.cancellation);
  if (series.cancellation.under_way > 0) window.setTimeout(look, AGAIN_MS);
  return place;
}

/** Stopping: first what it means, with every booked ride and its rule, then with them or without. */
function stopPart(series) {
  const place = el("div");
  const problem = el("div");
  const open = button(t("series_stop"), () => busy(open, problem, async () => {
    ask(await call("GET", `${addressOf(series)}/cancellation-terms`));
  }), { kind: "quiet wide" });
  const close = () => { fill(place, open); open.focus(); };
  const ask = (terms) => {
    const rides = terms.rides.filter((ride) => ride.may_cancel);
    const key = randomText();
    const send = (pressed, withRides) => busy(pressed, problem, async () => {
      const body = { with_rides: withRides, ...(withRides && { agreed_fee_twd: terms.fee_twd, agreed_points: terms.points }) };
      try {
        const done = await call("POST", `${addressOf(series)}/cancellation`, { body, key: `${key}-${withRides}` });
        await show();
        announce(withRides && done.cancellation ? done.cancellation.words : t("series_stopped"), { urgent: true });
      } catch (failure) {
        if (failure.slug !== "ride-series-costs-more") throw failure;
        ask(await call("GET", `${addressOf(series)}/cancellation-terms`));
        announce(t("series_stop_changed"), { urgent: true });
      }
    });
    const keep = button(t(rides.length > 0 ? "series_stop_keep" : "series_stop"), () => send(keep, false), { kind: rides.length > 0 ? "wide" : "danger wide" });
    const all = button(t("series_stop_with", { n: rides.length }), () => send(all, true), { kind: "danger wide" });
    const title = el("h3", { tabindex: "-1" }, t("series_stop"));
    fill(place, el("section", { class: "series-stop" }, title, el("p", {}, t("series_stop_ask")),
      terms.days_open > 0 && el("p", {}, t("series_stop_open", { n: terms.days_open })),
      terms.rides.length > 0 && [el("p", {}, el("strong", {}, t("series_stop_booked", { n: terms.rides.length }))), el("h4", {}, t("series_stop_rule")), el("p", {}, terms.words),
        el("ul", { class: "lines", role: "list" }, terms.rides.map(rideTerms))],
      el("div", { class: "form" }, series.status === "active" && keep, rides.length > 0 && all, button(t("series_stop_not"), close, { kind: "quiet wide" }))));
    focusOn(title);
  };
  fill(place, open);
  return el("div", {}, problem, place);
}

function rideTerms(ride) {
  const when = [ride.pick_up_at ? whenText(ride.pick_up_at) : t("wanted_back_will_call"), ride.leg === "back" && t("leg_back"), ride.fleet_name].filter(Boolean).join(" · ");
  return el("li", {}, el("span", { class: "line-words" }, el("strong", { class: "capital" }, when), el("span", {}, ride.may_cancel ? ride.words : t("series_stop_late")), ride.source && el("span", { class: "hint" }, ride.source)));
}

function takeUp(series) {
  const problem = el("div");
  const key = randomText();
  const press = button(t("series_take_up"), () => busy(press, problem, async () => {
    await call("POST", `${addressOf(series)}/resumption`, { key });
    await show();
    announce(t("series_taken_up"), { urgent: true });
  }), { kind: "wide" });
  return el("div", {}, problem, press);
}

/** One day: its ride or its request where there is one; leaving it out while it is not booked, and taking it up again. */
function seriesDay(series, day) {
  const problem = el("div");
  const name = rideDay(day.date);
  const address = day.ride_id ? `/app/rides/${day.ride_id}` : day.request_id && `/app/rides/requests/${day.request_id}`;
  const change = (method, word, done) => {
    const press = button(t(word), () => busy(press, problem, async () => {
      await call(method, `${addressOf(series)}/days/${day.date}`);
      await show();
      announce(t(done, { day: name }));
    }), { kind: "small quiet", "aria-label": t(`${word}_of`, { day: name }) });
    return press;
  };
  return el("li", {}, el("span", { class: "line-words" }, el("strong", { class: "capital" }, name), address ? el("a", { class: "link", href: address }, day.status_words) : el("span", {}, day.status_words),
    day.reason_words && el("span", { class: "hint" }, day.reason_words), problem),
  ["planned", "waiting"].includes(day.status) && mayNow("rides:book") && change("DELETE", "series_skip", "series_skipped"),
  day.may_take_up && mayNow("rides:book") && change("PUT", "series_day_take_up", "series_day_taken_up"));
}

function addressOf(series) {
  return `/v1/ride-series/${encodeURIComponent(series.id)}`;
}

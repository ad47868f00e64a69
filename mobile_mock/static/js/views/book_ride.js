// Ask for a ride: from where, to where, when, and back again; the rest is already as the rider's profile says.
import { acting } from "../acting.js";
import { attemptKey, endAttempt } from "../attempts.js";
import { call } from "../api.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { clockText, dayOf } from "../format.js";
import { sentences, t } from "../language.js";
import { busy, button, buttonLink, heading, notice, problemPanel, wordsFor } from "../parts.js";
import { placeChoice } from "../place_choice.js";
import { forgetDraft, keepDraft, keptDraft } from "../ride_draft.js";
import { momentChoice } from "../moment_choice.js";
import { taipeiDay, whenText } from "../ride_times.js";
import { go } from "../router.js";
import { chairWords } from "../rider_words.js";
import { choiceOfOne, companionsPart, notesPart, poolingPart, purposePart, repeatingPart, stopsPart } from "./booking_parts.js";
import { eligibilityNotice } from "./eligibility_notice.js";
import { optional } from "./rides.js";

const QUICK = ["08:00", "09:00", "10:00", "14:00", "16:00"];
const QUICK_BACK = ["11:00", "12:00", "15:00", "17:00"];
// What the API may say about one thing that was entered, and which that is.
const ABOUT = [[/return|back/, "back"], [/past|pick_up_at|arrive-by|arrive_by|too-far-ahead/, "when"], [/^(from|pickup)|\/from/, "from"], [/^(to|dropoff)|\/to|same-place/, "to"]];

export async function bookRide({ query, signal }) {
  const [rider, places, eligibility, before] = await Promise.all([
    optional("/v1/rider", signal), optional("/v1/rider/places", signal), optional("/v1/rider/eligibility", signal), startingPoint(query, signal)]);
  const title = acting() ? t("book_title_for", { name: acting().name }) : t("book_title");
  const own = places?.items || [];
  const { search } = window.location;
  const wish = { ...fresh(rider, own), ...(stillToCome(keptDraft(search)) || before) };
  const form = bookingForm(wish, { own, rider, search, signal });
  return {
    title,
    content: [heading(title, { back: "/app/rides", backText: t("rides_title") }),
      eligibilityNotice(eligibility),
      rider?.version > 0 ? aboutRider(rider) : notice("info", t("book_profile_first"), el("p", {}, t("book_profile_first_detail")), buttonLink(t("rider_title"), "/app/rides/profile", { kind: "small" })),
      form],
  };
}

function fresh(rider, own) {
  const home = own.find(({ name }) => /家|home/i.test(name || "")) || null;
  return {
    from: home, to: null, stops: [], kind: "pick_up_at", date: taipeiDay(1), clock: "09:00", back: "none", backDate: taipeiDay(1), backClock: "12:00",
    purpose: "medical", companions: rider?.companions_usual ?? 0, dog: Boolean(rider?.service_dog), shared: false, notes: "", weekdays: [], until: "", skipsHolidays: false,
  };
}

/** What was entered, with days that have passed meanwhile left out. */
function stillToCome(draft) {
  return draft && Object.fromEntries(Object.entries(draft).filter(([key, value]) => !["date", "backDate"].includes(key) || value >= taipeiDay()));
}

/** A ride or a request of before, to ask for again: its places, and its time of day on the next day that is possible. */
async function startingPoint(query, signal) {
  const id = query.get("again") || query.get("request");
  if (!id) return null;
  const old = await optional(query.get("again") ? `/v1/rides/${encodeURIComponent(id)}` : `/v1/ride-requests/${encodeURIComponent(id)}`, signal);
  if (!old) return null;
  const at = query.get("at") || old.wanted_at || old.pick_up_at;
  const isBack = query.has("back");
  const wanted = { from: isBack ? old.to : old.from, to: isBack ? old.from : old.to, stops: old.stops || [] };
  for (const key of ["purpose", "companions"]) if (old[key] !== undefined) wanted[key] = old[key];
  if (old.has_dog !== undefined) wanted.dog = old.has_dog;
  if (old.is_shared !== undefined) wanted.shared = old.is_shared;
  if (query.get("shared")) wanted.shared = true;
  if (old.time_kind === "arrive_by") wanted.kind = "arrive_by";
  if (at) Object.assign(wanted, { clock: clockText(at), date: dayOf(at) > taipeiDay() || query.has("at") ? dayOf(at) : taipeiDay(1) });
  for (const key of ["from", "to"]) wanted[key] = { ...wanted[key], place_id: undefined };
  return wanted;
}

function aboutRider(rider) {
  return el("p", { class: "about-rider" }, el("span", {}, t("book_for_chair", { chair: chairWords(rider.wheelchair) })), " ",
    el("a", { class: "link", href: "/app/rides/profile" }, t("change_it")));
}

function bookingForm(wish, { own, rider, search, signal }) {
  const problem = el("div");
  const said = el("p", {});
  const tell = () => fill(said, restWords(wish));
  const keep = (change) => { Object.assign(wish, change); keepDraft(search, wish); tell(); };
  const from = placeChoice(t("book_from"), { own, place: wish.from, signal, onChange: (place) => keep({ from: place }) });
  const to = placeChoice(t("book_to"), { own, place: wish.to, signal, onChange: (place) => keep({ to: place }) });
  const swap = button(t("book_swap"), () => {
    const places = [to.place(), from.place()];
    from.set(places[0]);
    to.set(places[1]);
    keep({ from: places[0], to: places[1] });
    announce(t("book_swapped"));
  }, { kind: "small quiet", iconName: "repeat" });

  const when = momentChoice(t("book_when_which"), { date: wish.date, clock: wish.clock, quick: QUICK, onChange: () => {
    const at = when.value();
    keep({ date: dayOf(at), clock: clockText(at) });
    if (wish.back !== "at" && wish.backDate < wish.date) keep({ backDate: wish.date });
  } });
  const backWhen = momentChoice(t("book_back_when"), { date: wish.backDate, clock: wish.backClock, quick: QUICK_BACK, onChange: () => {
    const at = backWhen.value();
    keep({ backDate: dayOf(at), backClock: clockText(at) });
  } });
  const showTimes = () => { when.block.hidden = wish.kind === "asap"; backWhen.block.hidden = wish.back !== "at"; };
  const kind = choiceOfOne(t("book_when"), "time-kind", [["pick_up_at", t("time_pick_up_at"), t("time_pick_up_at_hint")], ["arrive_by", t("time_arrive_by"), t("time_arrive_by_hint")], ["asap", t("time_asap"), t("time_asap_hint")]],
    wish.kind, (value) => { keep({ kind: value }); showTimes(); });
  const back = choiceOfOne(t("book_back"), "back", [["none", t("back_none")], ["at", t("back_at")], ["will_call", t("back_will_call"), t("back_will_call_hint")]],
    wish.back, (value) => {
      keep({ back: value });
      if (value === "at") {
        backWhen.set(wish.kind === "asap" ? taipeiDay() : wish.date, wish.backClock);
        keep({ backDate: dayOf(backWhen.value()) });
      }
      showTimes();
    });
  const stops = stopsPart(wish, { own, signal, keep });
  const companions = companionsPart(wish, { keep });
  const pooling = poolingPart(wish, { keep });
  const purpose = purposePart(wish, { keep });
  const repeating = repeatingPart(wish, { keep });
  const notes = notesPart(wish, { keep, usual: rider?.notes_for_driver });
  const more = el("details", { class: "book-more" }, el("summary", {}, t("book_more_open")), el("div", { class: "form" }, companions.block, purpose.block, pooling.block, repeating.block, notes.block));
  showTimes();
  tell();

  const send = button(t("book_ask"), null, { kind: "accent wide tall", type: "submit", iconName: "car" });
  const submit = (event) => {
    event.preventDefault();
    const wrong = [
      [from, from.value() ? "" : t("book_from_missing")], [to, to.value() ? "" : t("book_to_missing")], [stops, stops.isWrong() ? t("book_stop_missing") : ""],
      [when, wish.kind !== "asap" && Date.parse(when.value()) < Date.now() ? t("book_when_past") : ""],
      [backWhen, wish.back === "at" && wish.kind !== "asap" && Date.parse(backWhen.value()) <= Date.parse(when.value()) ? t("book_back_before", { when: whenText(when.value()) }) : ""],
      [repeating, repeating.isWrong() ? t("repeat_until_missing") : wish.weekdays.length && wish.kind === "asap" ? t("repeat_needs_time") : ""],
    ];
    for (const [part, words] of wrong) part.setError(words);
    const first = wrong.find(([, words]) => words);
    if (first) {
      announce(first[1], { urgent: true });
      if (first[0] === repeating) more.open = true;
      first[0].focus();
      return;
    }
    keep({});
    busy(send, problem, async () => {
      const body = requestBody(wish, { from, to, when, backWhen, stops });
      const asking = t(body.series ? "series_asking" : "book_asking");
      announce(asking);
      fill(problem, el("p", { class: "asking" }, asking));
      try {
        const made = await call("POST", body.series ? "/v1/ride-series" : "/v1/ride-requests", { body, key: attemptKey("ride-request", body), signal });
        endAttempt("ride-request");
        if (body.series) { forgetDraft(); announce(t("series_made"), { urgent: true }); }
        await go(body.series ? "/app/rides/series" : `/app/rides/requests/${made.id}`);
      } catch (failure) {
        if (failure.name === "AbortError") throw failure;
        endAttempt("ride-request");
        const place = placeOf(failure);
        if (!place) throw failure;
        const { title, detail } = wordsFor(failure);
        ({ from, to, back: backWhen, when })[place].setError(sentences(title, detail));
        fill(problem, problemPanel(failure));
        focusOn(({ from, to, back: backWhen, when })[place].block);
      }
    });
  };
  return el("form", { class: "form booking", novalidate: true, on: { submit } },
    el("section", { class: "card" }, from.block, el("div", { class: "swap" }, swap), to.block, stops.block),
    el("section", { class: "card" }, kind.block, when.block),
    el("section", { class: "card" }, back.block, backWhen.block),
    el("section", { class: "card" }, el("h2", {}, t("book_more")), said, more),
    problem, send, el("p", { class: "hint centre" }, t("book_ask_hint")));
}

/** What is asked besides places and times, in one line: nothing that is folded up is a surprise. */
function restWords(wish) {
  return [wish.companions ? t("companions_n", { n: wish.companions }) : t("companions_none"), wish.dog && t("book_dog_short"), t(`purpose_${wish.purpose}`), t(wish.shared ? "book_shared_short" : "shared_no"),
    wish.weekdays.length > 0 && t("book_every_week")].filter(Boolean).join(" · ");
}

function placeOf(failure) {
  const about = [failure.problem?.place, failure.slug, ...(failure.fields || []).map(({ pointer }) => pointer)].join(" ");
  return ABOUT.find(([words]) => words.test(about))?.[1] || null;
}

function requestBody(wish, { from, to, when, backWhen, stops }) {
  const body = {
    from: from.value(), to: to.value(), purpose: wish.purpose, companions: wish.companions, has_dog: wish.dog, is_shared: wish.shared,
    ...(wish.kind === "asap" ? { asap: true } : { [wish.kind]: when.value() }),
  };
  if (stops.value().length) body.stops = stops.value();
  if (wish.notes.trim()) body.notes = wish.notes.trim();
  if (wish.back === "at") body.return = { at: backWhen.value() };
  if (wish.back === "will_call") body.return = { will_call: true };
  if (wish.weekdays.length && wish.until) body.series = { weekdays: wish.weekdays, until: wish.until, skips_holidays: wish.skipsHolidays };
  return body;
}

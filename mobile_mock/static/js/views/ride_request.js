// A request on its way: which fleets are being asked, what they offer, and taking one; or what to do where none has a vehicle.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { sentences, t } from "../language.js";
import { keepLooking } from "../looking.js";
import { busy, button, heading, mark, notice } from "../parts.js";
import { journey, placeName, whenOfRide } from "../ride_words.js";
import { draftAddress } from "../ride_draft.js";
import { go } from "../router.js";
import { whenText } from "../ride_times.js";
import { toast } from "../toast.js";
import { confirmPart } from "./ride_confirm.js";
import { noneFree } from "./ride_none.js";
import { offersPart } from "./ride_offers.js";

const AGAIN_MS = 1200;
const ON_THE_TELEPHONE_MS = 6000;
const OVER = new Set(["chosen", "withdrawn", "lapsed", "waitlisted"]);
const SIGNS = { asking: ["info", "wait"], offered: ["good", "check"], none: ["", "minus"], refused: ["", "minus"], unreached: ["warn", "offline"], by_telephone: ["info", "phone"], not_asked: ["", "minus"] };

export async function rideRequest({ path, signal }) {
  const address = `/v1/ride-requests/${encodeURIComponent(path.id)}`;
  let request = await call("GET", address, { signal });
  const title = t("request_title");
  const asks = el("section", { class: "card asks", "aria-label": t("request_fleets") });
  const answer = el("div");
  const screen = { address, signal, picked: {}, answer };
  let drawn = "";
  let asked = "";
  let told = 0;

  const draw = ({ isFirst = false } = {}) => {
    const news = JSON.stringify([request.asks, isAsking(request)]);
    if (news !== asked) fill(asks, asksPart(request, asks.querySelector("details")?.open || false));
    asked = news;
    const legs = [request, request.return_request].filter(Boolean);
    const offers = legs.flatMap((leg) => leg.offers);
    const standing = JSON.stringify([request.status, request.return_request?.status, offers.map(({ id }) => id), isAsking(request)]);
    if (standing === drawn) return;
    drawn = standing;
    if (!isFirst) told = say(request, told);
    drawAnswer(screen, request);
  };
  const look = async () => {
    request = await call("GET", address, { signal, quiet: true });
    draw();
  };
  const pause = () => (isAsking(request) ? AGAIN_MS : isOnTheTelephone(request) ? ON_THE_TELEPHONE_MS : null);
  draw({ isFirst: true });
  told = say(request, told);
  keepLooking(look, pause, signal);
  return {
    title,
    content: [heading(title, { back: "/app/rides", backText: t("rides_title") }), wanted(request), asks, answer],
  };
}

/** Whether any leg still waits for a fleet's answer. */
export function isAsking(request) {
  return [request, request.return_request].some((leg) => leg?.status === "asking");
}

/** Whether somebody still rings a fleet for an answer that would count. */
function isOnTheTelephone(request) {
  return [request, request.return_request].some((leg) => leg && !OVER.has(leg.status) && leg.asks.some(({ status }) => status === "by_telephone"));
}

/** What is asked for, as it will be read to a driver. */
function wanted(request) {
  const back = request.return_request;
  return el("section", { class: "card wanted" }, el("p", {}, el("strong", {}, journey(request))),
    el("p", {}, t(`wanted_${request.time_kind}`, { when: request.wanted_at ? whenText(request.wanted_at) : "" })),
    back && el("p", {}, t(back.time_kind === "will_call" ? "wanted_back_will_call" : "wanted_back", { when: back.wanted_at ? whenText(back.wanted_at) : "" })),
    mayNow("rides:book") && !OVER.has(request.status) && el("a", { class: "link", href: formAddress(request) }, t("request_change")));
}

/** The form as it was filled in for this request. */
function formAddress(request) {
  return draftAddress() || `/app/rides/book?request=${request.id}`;
}

/** Said once each time more is known. */
function say(request, told) {
  const count = request.offers.length + (request.return_request?.offers.length || 0);
  if (isAsking(request)) {
    if (count > told) announce(t("request_offers_so_far", { n: count }));
  } else if (count !== told || count === 0) {
    announce(count ? t("request_offers", { n: count }) : t("request_none"), { urgent: !count });
  }
  return count;
}

function asksPart(request, isOpen) {
  const waiting = request.asks.filter(({ status }) => status === "asking").length;
  const done = request.asks.length - waiting;
  const list = el("ul", { class: "ask-list", role: "list" }, request.asks.map(askRow));
  if (!isAsking(request) && request.offers.length > 0) {
    // The offers are what one came for: who was asked folds up above them.
    return el("details", { open: isOpen }, el("summary", {}, el("h2", {}, t("request_asked_some", { n: request.asks.length, free: request.asks.filter(({ status }) => status === "offered").length }))), list);
  }
  return [
    el("h2", {}, isAsking(request) ? t("request_asking", { n: request.asks.length }) : t("request_asked", { n: request.asks.length })),
    isAsking(request) && el("progress", { class: "ask-progress", max: String(request.asks.length || 1), value: String(done), "aria-label": t("request_progress", { done, n: request.asks.length }) }),
    list,
  ];
}

function askRow(ask) {
  const [tone, sign] = SIGNS[ask.status] || ["", "info"];
  return el("li", {}, el("span", { class: "ask-name" }, ask.fleet_name || ask.fleet), mark(tone, sentences(t(`ask_${ask.status}`), ask.status === "by_telephone" ? "" : ask.reason_words), sign));
}

function drawAnswer(screen, request) {
  const legs = [request, !screen.isOnlyOut && request.return_request].filter((leg) => leg && leg.time_kind !== "will_call");
  const isOver = !isAsking(request);
  if (OVER.has(request.status)) {
    fill(screen.answer, notice(request.status === "chosen" ? "good" : "info", t(`request_${request.status}`), el("p", {}, el("a", { class: "link", href: "/app/rides" }, t("rides_title"))),
      request.status === "lapsed" && button(t("ask_again"), () => go(`/app/rides/book?request=${request.id}`), { kind: "primary" })));
    return;
  }
  const lacking = legs.find((leg) => leg.status === "none" || (isOver && leg.offers.length === 0));
  const cancel = withdraw(screen, request);
  if (isOver && lacking) {
    fill(screen.answer, noneFree(lacking, { isBack: lacking !== request, hasOut: request.offers.length > 0, signal: screen.signal, onlyOut: () => {
      screen.isOnlyOut = true;
      drawAnswer(screen, request);
      focusOn(screen.answer.querySelector("h2"));
    } }), cancel);
    return;
  }
  if (legs.every((leg) => leg.offers.length === 0)) { fill(screen.answer, cancel); return; }
  const next = legs.find((leg) => !screen.picked[leg.id]) || null;
  if (!next) { showConfirm(screen, request, legs); return; }
  const isSecond = next !== request;
  fill(screen.answer,
    isOver && legs.every((leg) => !screen.picked[leg.id]) && mayNow("rides:book") && letChoose(screen, request, legs),
    isSecond && screen.picked[request.id] && el("p", { class: "picked-out" }, t("picked_out", { fleet: screen.picked[request.id].fleet_name, when: whenOfRide(screen.picked[request.id]) }), " ",
      button(t("change_it"), () => { screen.picked = {}; drawAnswer(screen, request); }, { kind: "small quiet" })),
    offersPart(next, { title: t(legs.length > 1 ? (isSecond ? "offers_back" : "offers_out") : "ride_offers_title", { from: placeName(next.from), to: placeName(next.to) }),
      onChoose: mayNow("rides:book") && ((offer) => {
        screen.picked[next.id] = offer;
        drawAnswer(screen, request);
        focusOn(screen.answer.querySelector("h2"));
      }) }),
    cancel);
}

function showConfirm(screen, request, legs) {
  fill(screen.answer, confirmPart(legs.map((leg) => ({ leg, offer: screen.picked[leg.id] })), {
    willCall: request.return_request?.time_kind === "will_call",
    onBack: () => { screen.picked = {}; drawAnswer(screen, request); focusOn(screen.answer.querySelector("h2")); },
    body: { offer_id: screen.picked[request.id].id, ...(legs[1] && { return_offer_id: screen.picked[legs[1].id].id }), ...(screen.isOnlyOut && { without_return: true }) },
    signal: screen.signal,
  }));
}

/** By the rider's own order of fleets: which comes first is shown before it is taken. */
function letChoose(screen, request, legs) {
  const choose = button(t("choose_for_me"), () => {
    fill(screen.answer, confirmPart(legs.map((leg) => ({ leg, offer: leg.offers.find((offer) => offer.is_recommended) || leg.offers[0] })), {
      isChosenForMe: true,
      willCall: request.return_request?.time_kind === "will_call",
      onBack: () => drawAnswer(screen, request), body: { request_id: request.id, choose_for_me: true, ...(screen.isOnlyOut && { without_return: true }) }, signal: screen.signal,
    }));
    focusOn(screen.answer.querySelector("h2"));
  }, { kind: "primary wide tall", iconName: "check" });
  return el("div", { class: "let-choose" }, choose, el("p", { class: "hint" }, t("choose_for_me_hint")));
}

function withdraw(screen, request) {
  if (!mayNow("rides:book")) return null;
  const problem = el("div");
  const press = button(t("request_withdraw"), () => busy(press, problem, async () => {
    await call("POST", `${screen.address}/withdrawal`, { body: {}, key: request.id });
    await go("/app/rides");
    toast(t("request_withdrawn"), { after: document.querySelector("main .heading"), undo: () => go(formAddress(request)) });
  }), { kind: "quiet wide" });
  return el("div", {}, problem, press);
}

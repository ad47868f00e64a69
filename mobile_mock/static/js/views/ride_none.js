// No fleet has a vehicle: say so, watch on for them, another time, and what to do now.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { announce, el } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, notice } from "../parts.js";
import { forgetDraft } from "../ride_draft.js";
import { go } from "../router.js";
import { whenText } from "../ride_times.js";

const HOUR_MS = 3600 * 1000;
const OTHER_TIMES_HOURS = [-1, 1, 2, 24];

/** `isBack`: it is the way back that nobody has; `hasOut`: there is a way there. */
export function noneFree(request, { isBack, hasOut, signal, onlyOut }) {
  return el("section", { class: "none-free" },
    notice("warn", t(isBack ? "none_back_title" : "none_title"), el("p", {}, t(isBack && hasOut ? "none_back_detail" : "none_detail"))),
    mayNow("rides:book") && watch(request, signal),
    isBack && hasOut && mayNow("rides:book") && el("div", { class: "card" }, el("p", {}, t("none_only_out_detail")), button(t("none_only_out"), onlyOut, { kind: "wide" })),
    mayNow("rides:book") && otherTimes(request),
    whatNow(request));
}

function watch(request, signal) {
  const problem = el("div");
  const press = button(t("wait_begin"), () => busy(press, problem, async () => {
    const wait = await call("POST", "/v1/waitlist", { body: { request_id: request.id }, key: request.id, signal });
    forgetDraft();
    announce(t("wait_begun"));
    await go(`/app/rides/waitlist/${wait.id}`, { replace: true });
  }), { kind: "accent wide tall", iconName: "bell" });
  return el("div", { class: "card" }, el("h2", {}, t("wait_offer_title")), el("p", {}, t("wait_offer_detail")), problem, press);
}

/** What a fleet said about when it could, and the hours around. */
function otherTimes(request) {
  const said = request.asks.filter(({ next_at: nextAt }) => nextAt).filter((ask, place, all) => all.findIndex((each) => Date.parse(each.next_at) === Date.parse(ask.next_at)) === place).map((ask) => [ask.next_at, t("none_fleet_could", { fleet: ask.fleet_name, when: whenText(ask.next_at) })]);
  const base = Date.parse(request.wanted_at || new Date());
  const around = OTHER_TIMES_HOURS.map((hours) => new Date(base + hours * HOUR_MS)).filter((at) => at > Date.now() + HOUR_MS / 2).map((at) => [at.toISOString(), whenText(at.toISOString())]);
  const moments = new Set(said.map(([at]) => Date.parse(at)));
  const link = ([at, words]) => el("li", {}, buttonLink(words, `/app/rides/book?request=${request.id}&at=${encodeURIComponent(at)}`, { kind: "wide", iconName: "clock" }));
  return el("div", { class: "card" }, el("h2", {}, t("none_other_times")), el("ul", { class: "list", role: "list" }, [...said, ...around.filter(([at]) => !moments.has(Date.parse(at)))].map(link)),
    !request.is_shared && buttonLink(t("none_shared"), `/app/rides/book?request=${request.id}&shared=1`, { kind: "wide", iconName: "people" }));
}

/** Whom to ring. */
export function whatNow(subject) {
  const said = (subject.what_now || []).filter(({ code }) => code !== "waitlist").map((each) => el("li", {}, icon(each.phone ? "phone" : "pin"), each.phone ? callLink(each.words, each.phone) : el("span", {}, each.words)));
  if (said.length) return el("div", { class: "card what-now" }, el("h2", {}, t("now_title")), el("ul", { role: "list", class: "now-list" }, said));
  return el("div", { class: "card what-now" }, el("h2", {}, t("now_title")),
    el("ul", { role: "list", class: "now-list" },
      el("li", {}, icon("phone"), callLink(t("now_1999"), "1999")),
      el("li", {}, icon("car"), el("a", { class: "link", href: "/app/rides/fleets" }, t("now_fleets"))),
      el("li", {}, icon("pin"), el("span", {}, t("now_ranks")))));
}

function callLink(words, phone) {
  return el("a", { class: "link", href: `tel:${phone.replace(/[^0-9+]/g, "")}` }, words);
}

// Waiting for a place: one's rank and chance, an offer that has come free, and what else there is.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { randomText } from "../bytes.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { sentences, t } from "../language.js";
import { busy, button, buttonLink, confirmed, facts, heading, notice } from "../parts.js";
import { journey } from "../ride_words.js";
import { go } from "../router.js";
import { minutesUntil, timeText, whenText, windowText } from "../ride_times.js";
import { fareElement } from "../ride_words.js";
import { offerFacts, pooledPromise } from "./ride_offers.js";
import { whatNow } from "./ride_none.js";

const AGAIN_MS = 5000;

export async function rideWait({ path, signal }) {
  const address = `/v1/waitlist/${encodeURIComponent(path.id)}`;
  let wait = await call("GET", address, { signal });
  const title = t("wait_title");
  const body = el("div");
  let standing = "";

  const draw = ({ isFirst = false } = {}) => {
    const now = JSON.stringify([wait.status, wait.rank, wait.of, wait.offer?.id]);
    if (now === standing) return;
    standing = now;
    fill(body, wait.status === "offered" && wait.offer ? offered(wait, address, signal) : waiting(wait),
      ["waiting", "offered"].includes(wait.status) && mayNow("rides:book") && leave(address), whatNow(wait));
    if (isFirst) return;
    announce(wait.status === "offered" ? sentences(t("wait_free"), t("wait_free_detail")) : sentences(...standingWords(wait)), { urgent: wait.status === "offered" });
    if (wait.status === "offered") focusOn(body.querySelector("h2"));
  };
  const look = async () => {
    if (signal.aborted) return;
    try {
      if (document.visibilityState === "visible") { wait = await call("GET", address, { signal, quiet: true }); draw(); }
    } catch {
      // The next look may reach the city.
    }
    if (["waiting", "offered"].includes(wait.status)) window.setTimeout(look, AGAIN_MS);
  };
  draw({ isFirst: true });
  if (["waiting", "offered"].includes(wait.status)) window.setTimeout(look, AGAIN_MS);
  return { title, content: [heading(title, { back: "/app/rides", backText: t("rides_title") }), el("section", { class: "card" }, el("p", {}, el("strong", {}, journey(wait))), wait.wanted_at && el("p", { class: "capital" }, whenText(wait.wanted_at))), body] };
}

function standingWords(wait) {
  if (wait.status !== "waiting") return [wait.status_words || t("wait_over")];
  return [t("wait_rank", { rank: wait.rank, n: wait.of ?? wait.rank }), wait.chance_words || (wait.chance !== undefined && wait.chance !== null ? t("wait_chance", { n: Math.round(wait.chance * 10) }) : "")];
}

function waiting(wait) {
  if (wait.status !== "waiting") return notice("info", standingWords(wait)[0], el("p", {}, el("a", { class: "link", href: "/app/rides" }, t("rides_title"))));
  const [rank, chance] = standingWords(wait);
  return [
    el("section", { class: "card wait-rank" }, el("p", { class: "figure" }, rank), chance && el("p", {}, chance), el("p", { class: "hint" }, t("wait_watching")),
      wait.watched_until && el("p", { class: "hint" }, t("wait_until", { when: whenText(wait.watched_until) }))),
    (wait.alternatives || []).length > 0 && el("section", { class: "card" }, el("h2", {}, t("none_other_times")), el("ul", { class: "list", role: "list" }, wait.alternatives.map((each) => el("li", {},
      each.pick_up_at ? buttonLink(each.words || whenText(each.pick_up_at), `/app/rides/book?request=${wait.request_id}&at=${encodeURIComponent(each.pick_up_at)}`, { kind: "wide", iconName: "clock" }) : el("span", {}, each.words))))),
  ];
}

/** A place has come free: the offer, until when it is kept, and yes or no. */
function offered(wait, address, signal) {
  const { offer } = wait;
  const problem = el("div");
  const key = randomText();
  const yes = button(t("wait_take"), () => busy(yes, problem, async () => {
    announce(t("confirm_holding"));
    const made = await call("POST", `${address}/acceptance`, { body: {}, key, signal });
    await go(made.rides?.[0] ? `/app/rides/${made.rides[0].id}` : "/app/rides", { replace: true });
  }), { kind: "accent wide tall", iconName: "check" });
  const until = wait.accept_by || offer.accept_by || offer.lapses_at;
  return el("section", { class: "card" }, el("h2", { tabindex: "-1" }, t("wait_free")), el("p", {}, t("wait_free_detail")),
    facts([[t("offer_fleet"), offer.fleet_name], [t("offer_comes"), windowText(offer.window_starts_at, offer.window_ends_at)], [t("offer_there_by"), timeText(offer.arrives_at)], [t("offer_you_pay"), fareElement(offer)]], "ride-facts"),
    offer.is_pooled && pooledPromise(offer), offerFacts(offer),
    until && el("p", { class: "asking" }, t("wait_accept_by", { when: whenText(until), n: Math.max(1, minutesUntil(until)) })),
    problem, mayNow("rides:book") && yes);
}

function leave(address) {
  const problem = el("div");
  const press = button(t("wait_leave"), async () => {
    if (!await confirmed(t("wait_leave"), t("wait_leave_ask"), t("wait_leave_yes"))) return;
    busy(press, problem, async () => { await call("DELETE", address); announce(t("wait_left_done")); await go("/app/rides"); });
  }, { kind: "quiet wide" });
  return el("div", {}, problem, press);
}

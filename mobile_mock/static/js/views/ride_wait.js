// Waiting for a place: one's rank and chance, an offer that has come free, and what else there is.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { randomText } from "../bytes.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { sentences, t } from "../language.js";
import { keepLooking } from "../looking.js";
import { busy, button, buttonLink, confirmed, facts, heading, notice } from "../parts.js";
import { fareElement, journey } from "../ride_words.js";
import { go } from "../router.js";
import { minutesUntil, timeText, whenText, windowText } from "../ride_times.js";
import { offerFacts, paidForYou, pooledPromise } from "./ride_offers.js";
import { whatNow } from "./ride_none.js";

const AGAIN_MS = 4000;
const OPEN = ["waiting", "offered", "accepting"];

export async function rideWait({ path, signal }) {
  const address = `/v1/waitlist/${encodeURIComponent(path.id)}`;
  let wait = await call("GET", address, { signal });
  const title = t("wait_title");
  const body = el("div");
  let standing = "";

  const until = el("p", { class: "asking" });
  const draw = ({ isFirst = false } = {}) => {
    if (wait.accept_by) fill(until, t("wait_accept_by", { when: whenText(wait.accept_by), n: Math.max(1, minutesUntil(wait.accept_by)) }));
    // While a fleet's hold is taken anew there are no offers for a moment, and then the same under another id: what the
    // rider hears and where they are on the page stays.
    if (wait.status === "offered" && wait.offers.length === 0 && standing) return;
    const now = JSON.stringify([wait.status, wait.rank, wait.of, wait.other_ride_id, wait.offers.map(({ fleet, pick_up_at, rider_pays_twd }) => [fleet, pick_up_at, rider_pays_twd])]);
    if (now === standing) return;
    standing = now;
    fill(body, wait.status === "offered" ? offered(wait, address, { signal, changed, until }) : waiting(wait),
      ["waiting", "offered"].includes(wait.status) && mayNow("rides:book") && leave(address), wait.status !== "offered" && whatNow(wait));
    if (isFirst) return;
    announce(wait.status === "offered" ? sentences(t("wait_free"), t("wait_free_detail")) : sentences(...standingWords(wait)), { urgent: wait.status === "offered" });
    if (wait.status === "offered") focusOn(body.querySelector("h2"));
  };
  const changed = async (next) => {
    wait = next;
    if (wait.status === "ended" && wait.why === "taken") await toRide(wait, signal);
    else draw();
  };
  const look = async () => changed(await call("GET", address, { signal, quiet: true }));
  draw({ isFirst: true });
  keepLooking(look, () => (OPEN.includes(wait.status) ? AGAIN_MS : null), signal);
  return { title, content: [heading(title, { back: "/app/rides", backText: t("rides_title") }),
    el("section", { class: "card" }, el("p", {}, el("strong", {}, journey(wait))), el("p", { class: "capital" }, whenText(wait.wanted_at)), wait.has_return && el("p", {}, t("wait_both"))), body] };
}

/** The ride that came of it, or the list where it cannot be told. */
async function toRide(wait, signal) {
  announce(t("wait_taken"), { urgent: true });
  const { items } = await call("GET", "/v1/rides?when=upcoming&limit=50", { signal });
  const mine = items.find((ride) => ride.booking_id === wait.booking_id);
  await go(mine ? `/app/rides/${mine.id}` : "/app/rides", { replace: true });
}

function standingWords(wait) {
  if (wait.status !== "waiting") return [wait.status_words, wait.why_words];
  return [t("wait_rank", { rank: wait.rank, n: wait.of }), wait.chance_words];
}

function waiting(wait) {
  const [first, second] = standingWords(wait);
  if (wait.status !== "waiting") return notice("info", first, second && el("p", {}, second), el("p", {}, el("a", { class: "link", href: "/app/rides" }, t("rides_title"))));
  return [
    el("section", { class: "card wait-rank" }, el("p", { class: "figure" }, first), el("p", {}, second), el("p", { class: "hint" }, t("wait_watching")),
      el("p", { class: "hint" }, t("wait_until", { when: whenText(wait.watched_until) })), el("p", { class: "hint" }, wait.rule_words)),
    wait.alternatives.some((each) => each.pick_up_at) && el("section", { class: "card" }, el("h2", {}, t("wait_other_times")), el("ul", { class: "list", role: "list" }, wait.alternatives.filter((each) => each.pick_up_at).map((each) => el("li", {},
      buttonLink(t("none_fleet_could", { when: whenText(each.pick_up_at), fleet: each.fleet_name }), `/app/rides/book?request=${wait.request_id}&at=${encodeURIComponent(each.pick_up_at)}`, { kind: "wide", iconName: "clock" }))))),
  ];
}

/** A place has come free: the offer of each leg, until when it is kept, and yes or no. */
function offered(wait, address, { signal, changed, until }) {
  const problem = el("div");
  const key = randomText();
  const yes = button(t("wait_take"), () => busy(yes, problem, async () => {
    announce(t("confirm_holding"));
    await changed(await call("POST", `${address}/acceptance`, { body: {}, key, signal }));
  }), { kind: "accent wide tall", iconName: "check" });
  return el("section", { class: "card" }, el("h2", { tabindex: "-1" }, t("wait_free")), el("p", {}, t("wait_free_detail")),
    wait.offers.map((offer) => el("div", { class: "confirm-leg" },
      facts([[t("offer_fleet"), offer.fleet_name], [t("offer_comes"), windowText(offer.window_starts_at, offer.window_ends_at)], [t("offer_there_by"), timeText(offer.arrives_at)], [t("offer_you_pay"), fareElement(offer)]], "ride-facts"),
      paidForYou(offer), offer.is_pooled && pooledPromise(offer), offerFacts(offer))),
    wait.other_ride_id && notice("warn", t("wait_other_ride"), el("p", {}, el("a", { class: "link", href: `/app/rides/${wait.other_ride_id}` }, t("wait_other_ride_see")))),
    wait.accept_by && until,
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

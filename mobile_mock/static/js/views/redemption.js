// One use of points at a shop: to agree to, to show to the cashier, and to look up later.
import { call } from "../api.js";
import { chime } from "../chime.js";
import { announce, el, fill } from "../dom.js";
import { momentElement } from "../format.js";
import { sentences, t } from "../language.js";
import { buttonLink, facts, heading } from "../parts.js";
import { pointsElement } from "../point_words.js";
import { soundOf, wordsOf } from "../redemption_words.js";
import { consentPart, resultCard } from "./redemption_parts.js";

const AGAIN_MS = 1000;
const SHOWN_TO_THE_CASHIER_MS = 5 * 60_000;

export async function redemption({ path, signal }) {
  const address = `/v1/points/redemptions/${encodeURIComponent(path.id)}`;
  let current = await call("GET", address, { signal });
  const title = t("redemption_title");
  const body = el("div");
  let asking = null;

  const draw = () => {
    asking?.abort();
    asking = new AbortController();
    signal.addEventListener("abort", () => asking.abort(), { once: true });
    fill(body, current.status === "awaiting_citizen" ? consent() : resultCard(current, { isOwnPage: true }),
      current.status === "done" && proofForTheCashier(current, asking.signal),
      el("section", { class: "card" }, facts([
        [t("redemption_shop"), current.shop],
        [t("redemption_points"), pointsElement(current.points)],
        current.refunded > 0 && [t("redemption_refunded"), pointsElement(current.refunded)],
        [t("redemption_how"), t(`presented_${current.presented}`)],
        [t("redemption_begun"), momentElement(current.created_at)],
        current.done_at && [t("redemption_done_at"), momentElement(current.done_at)],
        [t("redemption_number"), el("span", { class: "mono" }, current.id)],
      ])),
      el("div", { class: "actions column" }, buttonLink(t("points_title"), "/app/points", { kind: "quiet wide" })));
  };
  const consent = () => el("section", { class: "card" }, el("h2", {}, t("redemption_consent_title", { shop: current.shop })),
    consentPart(current, { signal: asking.signal, onAnswered: (answered) => { if (answered) changed(answered); } }).block);
  const changed = (next) => {
    if (next.status === current.status && next.refunded === current.refunded) return;
    current = next;
    const { title: said, detail } = wordsOf(current);
    chime(soundOf(current));
    announce(sentences(said, detail), { urgent: true });
    draw();
  };
  const look = async () => {
    try {
      if (document.visibilityState === "visible") changed(await call("GET", address, { signal, quiet: true }));
    } catch {
      // The next look may reach the city.
    }
    if (current.status === "awaiting_citizen" && !signal.aborted) window.setTimeout(look, AGAIN_MS);
  };
  draw();
  if (current.status === "awaiting_citizen") window.setTimeout(look, AGAIN_MS);
  return { title, content: [heading(title, { back: "/app/points", backText: t("points_title") }), body] };
}

/** Beside a fresh result a clock runs: a picture of the screen has none. */
function proofForTheCashier(current, signal) {
  if (Date.now() - Date.parse(current.done_at) > SHOWN_TO_THE_CASHIER_MS) return null;
  const clock = el("strong", { class: "mono" });
  const tick = () => fill(clock, new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Taipei", timeStyle: "medium" }).format());
  const timer = window.setInterval(tick, 1000);
  signal.addEventListener("abort", () => window.clearInterval(timer), { once: true });
  tick();
  return el("p", { class: "live-clock", "aria-hidden": "true" }, t("redemption_now"), " ", clock);
}

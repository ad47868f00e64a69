// One exchange: where it stands, said as it changes, until it is done or undone.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentElement, number } from "../format.js";
import { icon } from "../icons.js";
import { sentences, t } from "../language.js";
import { buttonLink, facts, heading } from "../parts.js";
import { pointsElement } from "../point_words.js";

const AGAIN_MS = { held: 15_000, waiting: 10_000 };
const AGAIN_ELSE_MS = 1_500;
const LOOKS = { done: ["good", "check"], undone: ["info", "undo"] };

export async function exchangeOutcome({ path, signal }) {
  const address = `/v1/points/exchanges/${encodeURIComponent(path.id)}`;
  let current = await call("GET", address, { signal });
  const title = t("exchange_one_title");
  const body = el("div");
  let timer = 0;
  signal.addEventListener("abort", () => window.clearTimeout(timer), { once: true });
  const plan = () => {
    if (!LOOKS[current.status] && !signal.aborted) timer = window.setTimeout(look, AGAIN_MS[current.status] || AGAIN_ELSE_MS);
  };
  const look = async () => {
    try {
      const next = document.visibilityState === "visible" ? await call("GET", address, { signal, quiet: true }) : current;
      if (next.status !== current.status) {
        current = next;
        fill(body, drawn(current));
        say(current);
      }
    } catch {
      // The next look may reach the city.
    }
    plan();
  };
  fill(body, drawn(current));
  say(current);
  plan();
  return { title, content: [heading(title, { back: "/app/points/exchange", backText: t("exchange_title") }), body] };
}

function say(item) {
  announce(sentences(item.status_words, item.reason));
}

function drawn(item) {
  const isOut = item.direction === "out";
  const [tone, iconName] = LOOKS[item.status] || ["warn", "wait"];
  return [
    el("section", { class: `card pay-result ${tone}` }, el("div", { class: "pay-seal" }, icon(iconName)), el("h2", {}, item.status_words),
      item.reason && el("p", {}, item.reason),
      item.status === "undone" ? null : el("p", { class: "figure" }, isOut ? `${number(item.value)} ${item.unit}` : pointsElement(item.points)),
      !LOOKS[item.status] && el("p", { class: "hint" }, t(item.status === "held" ? "exchange_held_hint" : "exchange_stay_hint"))),
    el("section", { class: "card" }, facts([
      [t("exchange_partner"), item.partner_name],
      [t(isOut ? "exchange_gave" : "exchange_got"), pointsElement(item.points)],
      item.fee_points > 0 && [t("exchange_fee_in_it"), pointsElement(item.fee_points)],
      [t(isOut ? "exchange_got" : "exchange_gave"), `${number(item.value)} ${item.unit}`],
      [t("quote_account"), el("span", {}, t("ends_in"), " ", el("span", { class: "mono" }, item.account_last))],
      [t("quote_arrives"), item.arrives],
      [t("exchange_begun"), momentElement(item.created_at)],
      item.ended_at && [t("exchange_ended"), momentElement(item.ended_at)],
      [t("redemption_number"), el("span", { class: "mono" }, item.id)],
    ])),
    el("div", { class: "actions column" }, buttonLink(t("points_title"), "/app/points", { kind: "quiet wide" })),
  ];
}

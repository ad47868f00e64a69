// Money that came too much for my bills (cash twice, say): none of it is lost, and here it is sent home.
import { call } from "../api.js";
import { randomText } from "../bytes.js";
import { announce, el, fill } from "../dom.js";
import { grouping, momentElement, money } from "../format.js";
import { t } from "../language.js";
import { buttonLink, empty, facts, heading, mark } from "../parts.js";
import { channelName } from "../rails.js";
import { accountForm } from "./refunds.js";

const MARKS = { open: ["warn", "clock"], ordered: ["info", "wait"], returned: ["good", "check"] };

export async function overpayments({ signal }) {
  const [{ items }, links] = await Promise.all([call("GET", "/v1/overpayments", { signal }), call("GET", "/v1/bank-links", { signal })]);
  const proven = links.items.filter((link) => link.bank === "bank_of_kaohsiung" && link.status === "active");
  const title = t("overpayments_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }),
      items.length === 0 && empty("coins", t("no_overpayments_title"), t("no_overpayments_detail")),
      items.map((item) => {
        const card = el("section", { class: "card" });
        draw(card, item, proven);
        return card;
      })],
  };
}

function draw(card, item, proven) {
  const [tone, iconName] = MARKS[item.status];
  const key = randomText();
  fill(card, el("p", { class: "figure" }, money(item.amount)), el("p", {}, mark(tone, t(`overpayment_${item.status}`), iconName)), el("p", {}, item.message),
    facts([
      [t("bill_number"), el("span", { class: "mono" }, grouping(item.number))],
      [t("paid_via"), channelName(item.channel)],
      [t("paid_at"), momentElement(item.paid_at)],
      item.account && [t("refund_to"), el("span", { class: "mono" }, item.account)],
      item.returned_at && [t("refund_done_at"), momentElement(item.returned_at)],
    ]),
    item.status === "open" && (proven.length === 0
      ? [el("p", {}, t("refund_no_account")), buttonLink(t("banks_title"), "/app/me/banks", { kind: "small" })]
      : accountForm(proven, t("refund_send_there"), async (linkId) => {
        const fresh = await call("POST", `/v1/overpayments/${item.id}/return`, { body: { bank_link_id: linkId }, key: `${key}.${linkId.slice(-8)}` });
        announce(t(`overpayment_${fresh.status}`));
        draw(card, fresh, proven);
      })));
}

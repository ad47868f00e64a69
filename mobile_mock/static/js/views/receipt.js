// The receipt: what was paid, when, and where anybody can check it.
import { call } from "../api.js";
import { el } from "../dom.js";
import { grouping, momentElement, money, number } from "../format.js";
import { icon, sign } from "../icons.js";
import { t } from "../language.js";
import { buttonLink, facts, heading } from "../parts.js";
import { paidBy } from "../rails.js";
import { refundCards } from "./refunds.js";

export async function receipt({ path, signal }) {
  const address = `/v1/payments/${encodeURIComponent(path.id)}`;
  const [paper, refunds, payment] = await Promise.all([
    call("GET", `${address}/receipt`, { signal }), call("GET", `${address}/refunds`, { signal }), call("GET", address, { signal }),
  ]);
  const title = t("receipt_title");
  return {
    title,
    content: [
      heading(title, { back: "/app/payments", backText: t("history_title") }),
      el("section", { class: "paper", "aria-label": title },
        el("p", { class: "paper-head" }, sign(), el("span", {}, t("receipt_issuer"))),
        facts([
          [t("receipt_number"), el("span", { class: "mono" }, paper.number)],
          [t("paid_at"), momentElement(paper.paid_at)],
          [t("payer"), el("span", { class: "mono" }, paper.payer)],
          [t("paid_via"), paidBy(payment)],
        ]),
        el("ul", { class: "lines", role: "list" }, paper.lines.map((line) => el("li", {},
          el("span", { class: "line-words" }, line.description, el("span", { class: "mono fine-print" }, grouping(line.number))),
          money(line.amount)))),
        el("p", { class: "lines-sum light" }, el("span", {}, t("fee")), paper.fee === 0 ? el("span", {}, t("no_fee")) : money(paper.fee)),
        el("p", { class: "lines-sum" }, el("span", {}, t("total")), money(paper.total, "strong")),
        payment.points_used > 0 && el("p", { class: "lines-sum light" }, el("span", {}, t("paid_in_points")), t("points_amount", { n: number(payment.points_used) })),
        paper.given_back > 0 && el("p", { class: "lines-sum light" }, el("span", {}, t("receipts_given_back")), money(paper.given_back)),
        el("p", { class: `stamp ${paper.status}` }, icon(paper.status === "paid" ? "check" : "undo"), t(`receipt_stamp_${paper.status}`))),
      refundCards(refunds.items, payment, signal),
      el("div", { class: "actions column" },
        buttonLink(t("receipt_pdf"), `${address}/receipt?format=pdf`, { kind: "primary wide", iconName: "pdf", target: "_blank", rel: "noopener" }),
        paper.verify_url && buttonLink(t("receipt_verify"), paper.verify_url, { kind: "quiet wide", iconName: "shield", target: "_blank", rel: "noopener" }),
        buttonLink(t("to_bills"), "/app", { kind: "quiet wide" }))],
  };
}

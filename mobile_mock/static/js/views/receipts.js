// The receipts of a year: what was paid, what came back, and the same as PDF or for a spreadsheet.
import { call } from "../api.js";
import { el } from "../dom.js";
import { momentElement, money } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { buttonLink, empty, facts, heading } from "../parts.js";

export async function receipts({ signal }) {
  const { items } = await call("GET", "/v1/receipts/years", { signal });
  const title = t("receipts_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }),
      items.length === 0 && empty("bills", t("no_payments_title"), t("no_payments_detail")),
      el("ul", { class: "list", role: "list" }, items.map((item) => el("li", { class: "row" },
        el("a", { class: "row-link", href: `/app/me/receipts/${item.year}` }, icon("bills", "large-icon"),
          el("span", { class: "row-words" }, el("span", { class: "row-title" }, item.year_words)), icon("forward")))))],
  };
}

export async function receiptsOfYear({ path, signal }) {
  const address = `/v1/receipts/years/${encodeURIComponent(path.year)}`;
  const paper = await call("GET", address, { signal });
  const title = t("receipts_of", { year: paper.year_words });
  return {
    title,
    content: [heading(title, { back: "/app/me/receipts", backText: t("receipts_title") }),
      el("section", { class: "card" }, el("p", { class: "figure" }, money(paper.standing)), el("p", { class: "hint" }, t("receipts_standing")),
        facts([
          [t("kind_parking"), money(paper.parking)], [t("kind_fine"), money(paper.fines)], [t("kind_ride"), money(paper.rides)], [t("fee"), money(paper.fees)],
          [t("total"), money(paper.total, "strong")], paper.given_back > 0 && [t("receipts_given_back"), money(paper.given_back)],
        ])),
      el("div", { class: "actions" },
        buttonLink(t("receipt_pdf"), `${address}?format=pdf`, { kind: "primary", iconName: "pdf", target: "_blank", rel: "noopener" }),
        buttonLink(t("receipts_csv"), `${address}?format=csv`, { kind: "quiet", iconName: "bills", download: `statement-${paper.year}.csv` })),
      el("h2", { class: "section-title" }, t("receipts_each", { n: paper.payments.length })),
      el("ul", { class: "list", role: "list" }, paper.payments.map(row))],
  };
}

function row(item) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/app/payments/${item.payment_id}/receipt` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, item.lines.map((line) => line.description).join("、")),
      el("span", { class: "hint" }, momentElement(item.paid_at), " · ", item.rail_name), el("span", { class: "hint" }, item.status_words)),
    money(item.total, "strong"), icon("forward")));
}

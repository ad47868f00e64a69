// A slip on the whole screen: the barcodes or the code, bright and large, what they stand for, and how they are paid.
import { call } from "../api.js";
import { keepAwake } from "../awake.js";
import { announce, el } from "../dom.js";
import { momentElement, money, number } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, confirmed, facts, heading, notice } from "../parts.js";
import { railName } from "../rails.js";
import { go } from "../router.js";

export async function slip({ path, signal }) {
  const item = await call("GET", `/v1/payment-slips/${encodeURIComponent(path.id)}`, { signal });
  const title = railName(item.channel);
  const isLive = item.status === "live";
  if (isLive) keepAwake(signal);
  return {
    title,
    content: [
      heading(title, { back: `/app/bills/${item.bill_id}`, backText: t("back_to_bill") }),
      isLive ? el("figure", { class: `code-sheet ${item.channel}` }, picture(item, signal), item.segments && spelled(item.segments),
        el("figcaption", {}, money(item.total, "strong"), el("span", { class: "hint" }, item.fee === 0 ? t("no_fee_at_all") : t("fee_included", { amount: number(item.fee) }))))
        : notice("warn", t(`slip_${item.status}`), el("p", {}, t("slip_not_live")), buttonLink(t("back_to_bill"), `/app/bills/${item.bill_id}`, { kind: "small" })),
      isLive && el("section", { class: "card" }, el("h2", {}, t("slip_how")), el("ol", { class: "how-to" }, item.how_to.map((step) => el("li", {}, step)))),
      el("section", { class: "card" }, facts([
        [t("slip_number"), el("span", { class: "mono" }, item.number)],
        [t("amount"), money(item.amount)],
        [t("fee"), item.fee === 0 ? t("no_fee") : money(item.fee)],
        [t("slip_until"), momentElement(item.expires_at)],
        item.limits.per_item !== null && [t("slip_cap"), money(item.limits.per_item)],
        [t("counts_as_paid"), item.counts_as_paid],
      ])),
      isLive && withdrawal(item)],
  };
}

/** The drawing as a picture: what came over the network never becomes part of the page. */
function picture(item, signal) {
  const address = URL.createObjectURL(new Blob([item.svg], { type: "image/svg+xml" }));
  signal.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
  return el("img", { class: "code-picture", src: address, alt: item.alt });
}

/** The three segments again as text, digit by digit for a voice: a clerk can type what a scanner does not read. */
function spelled(segments) {
  return el("details", { class: "code-segments" }, el("summary", {}, t("slip_segments")),
    el("ol", {}, segments.map((segment) => el("li", { class: "mono" }, el("span", { "aria-hidden": "true" }, segment), el("span", { class: "unseen" }, [...segment].join(" "))))));
}

function withdrawal(item) {
  const problem = el("div");
  const withdraw = button(t("slip_withdraw"), async () => {
    if (!(await confirmed(t("slip_withdraw_ask"), t("slip_withdraw_detail"), t("slip_withdraw")))) return;
    await busy(withdraw, problem, async () => {
      await call("DELETE", `/v1/payment-slips/${item.id}`);
      announce(t("slip_withdrawn"));
      go(`/app/bills/${item.bill_id}`, { replace: true });
    });
  }, { kind: "quiet wide" });
  return [problem, withdraw];
}

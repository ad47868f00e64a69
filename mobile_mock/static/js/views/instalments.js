// A fine in parts: ask for it, see what the bureau said, and where each part stands.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { dateText, money, number } from "../format.js";
import { hasText, t } from "../language.js";
import { busy, button, field, mark, notice } from "../parts.js";

/** What may be done about this fine in parts, or null where there is nothing to say. */
export function instalmentsOf(bill, answer) {
  if (!answer.can_request && !answer.request && !answer.plan) return null;
  const card = el("section", { class: "card" });
  draw(card, bill, answer);
  return card;
}

function draw(card, bill, { can_request: canAsk, most_parts: most, least_part: least, source, request, plan }) {
  fill(card, el("h2", {}, t("instalments_title")),
    request && !plan && notice(request.status === "refused" ? "warn" : "info", t(`instalments_${request.status}`, { n: request.parts }),
      el("p", {}, request.message), request.refusal && el("p", {}, request.refusal)),
    plan && [
      el("p", {}, t("plan_progress", { done: plan.parts.filter((part) => part.status === "paid").length, n: plan.parts.length })),
      el("ol", { class: "lines", role: "list" }, plan.parts.map(partRow)),
      el("p", { class: "hint" }, t("plan_rule", { missed: plan.missed_ends_at })),
    ],
    canAsk && askForm(card, bill, most, least),
    (canAsk || plan) && el("p", { class: "fine-print" }, source || plan.source));
}

function partRow(part) {
  const tone = part.status === "paid" ? ["good", "check"] : part.is_missed ? ["bad", "overdue"] : ["calm", "clock"];
  const words = part.is_missed ? t("part_missed") : part.status === "unpaid" ? t("due_on", { date: dateText(part.due_on) })
    : hasText(`status_${part.status}`) ? t(`status_${part.status}`) : part.status;
  return el("li", {}, el("span", { class: "line-words" },
    el("a", { class: "link", href: `/app/bills/${part.bill_id}` }, t("part_number", { n: part.part })), mark(tone[0], words, tone[1])), money(part.amount));
}

function askForm(card, bill, most, least) {
  const problem = el("div");
  const parts = field(t("instalments_parts"), { hint: t("instalments_parts_hint", { most, least: number(least) }),
    type: "text", inputmode: "numeric", maxlength: "3", autocomplete: "off", value: String(Math.min(most, 3)) });
  const send = button(t("instalments_ask"), null, { kind: "quiet wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const wanted = Number(parts.input.value.normalize("NFKC"));
    parts.setError(Number.isInteger(wanted) && wanted >= 2 && wanted <= most ? "" : t("instalments_wrong", { most }));
    if (parts.input.hasAttribute("aria-invalid")) return parts.input.focus();
    return busy(send, problem, async () => {
      const asked = await call("POST", `/v1/bills/${bill.id}/instalment-requests`, { body: { parts: wanted } });
      announce(asked.message);
      draw(card, bill, await call("GET", `/v1/bills/${bill.id}/instalments`));
    });
  };
  return el("details", {}, el("summary", {}, t("instalments_offer")), el("p", {}, t("instalments_detail")),
    el("form", { class: "form", novalidate: true, on: { submit } }, parts.block, problem, send));
}

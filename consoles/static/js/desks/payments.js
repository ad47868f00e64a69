// One payment by its exact number, for a stated purpose: its bills, what happened to it, refunds, a correction.
import { call, keyForEach } from "../api.js";
import { el, fill } from "../dom.js";
import { money, nameOf, t } from "../language.js";
import { actsForFinance } from "../officer.js";
import { allFilled, busy, card, cardForm, choice, confirmed, dayOf, facts, field, heading, moment, notice, table } from "../parts.js";
import { go, redraw } from "../router.js";

const PURPOSES = ["citizen_request", "reconciliation", "refund", "dispute", "audit"];
const TONES = { captured: "good", provisional: "good", debiting: "info", awaiting_authorization: "info", unknown: "warn", action_required: "warn", refunded: "", failed: "bad" };

export const desk = {
  path: "/desk/payments", name: "payments", roles: ["finance", "auditor"],
  screens: { "/desk/payments": find, "/desk/payments/:id": one },
};

async function find() {
  const identifier = field(t("identifier"), { hint: t("identifier_hint"), autocomplete: "off", spellcheck: "false", maxlength: 80 });
  const purpose = purposeChoice();
  const found = el("div");
  const send = (pressed, problem) => {
    fill(found);
    if (!allFilled(identifier, purpose)) return;
    busy(pressed, problem, async () => {
      const body = { identifier: identifier.input.value.trim().replace(/\s+/g, ""), purpose: purpose.input.value };
      const { items } = await call("POST", "/v1/officer/payment-lookups", { body });
      if (items.length === 1) { await go(addressOf(items[0].id, body.purpose)); return; }
      fill(found, items.length ? el("ul", { class: "list", role: "list" }, items.map((item) => row(item, body.purpose)))
        : notice("warn", t("payment_not_found"), el("p", {}, t("payment_not_found_detail"))));
    });
  };
  return {
    title: t("payments"),
    content: [heading(t("payments"), { intro: t("payments_intro") }), cardForm(null, null, [identifier.block, purpose.block], t("find"), send),
      el("div", { role: "status" }, found)],
  };
}

function purposeChoice() {
  return choice(t("purpose"), [["", t("choose")], ...PURPOSES.map((each) => [each, t(`purpose_${each}`)])]);
}

function addressOf(id, purpose) {
  return `/desk/payments/${id}?purpose=${purpose}`;
}

function row(item, purpose) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: addressOf(item.id, purpose) },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, `${money(item.total)} · ${item.rail_name}`),
      el("span", { class: "mono" }, item.id), el("span", { class: "hint" }, moment(item.created_at))),
    statusMark(item)));
}

function statusMark(item) {
  return el("span", { class: `mark ${TONES[item.status] || "warn"}` }, item.status_text);
}

async function one({ path, query, signal }, { said } = {}) {
  const purpose = query.get("purpose");
  if (!PURPOSES.includes(purpose)) return askPurpose(path.id);
  const address = `/v1/officer/payments/${encodeURIComponent(path.id)}`;
  const payment = await call("GET", `${address}?purpose=${purpose}`, { signal });
  const [events, refunds] = await Promise.all([
    call("GET", `${address}/events?purpose=${purpose}`, { signal }), call("GET", `${address}/refunds`, { signal }),
  ]);
  const again = (words) => redraw(one, { path, query, signal }, words);
  const title = `${t("payment")} ${money(payment.total)}`;
  return {
    title,
    content: [
      heading(title, { back: "/desk/payments", intro: t("pair", { name: t("purpose"), value: t(`purpose_${purpose}`) }) }), said && notice("good", said),
      about(payment), billsCard(payment), eventsCard(events.items), refundsCard(refunds.items),
      actsForFinance() && payment.refund_reasons.length > 0 && payment.bills.some(({ left }) => left > 0) && refundForm(payment, again),
      actsForFinance() && payment.corrections.length > 0 && correctionForm(payment, again),
    ],
  };
}

function askPurpose(id) {
  const purpose = purposeChoice();
  return {
    title: t("payment"),
    content: [heading(t("say_purpose"), { back: "/desk/payments", intro: t("payments_intro") }),
      cardForm(null, null, [purpose.block], t("find"), () => { if (allFilled(purpose)) go(addressOf(id, purpose.input.value), { replace: true }); })],
  };
}

function about(payment) {
  return card(null, facts([
    [t("status"), statusMark(payment)],
    [t("reference"), el("span", { class: "mono" }, payment.id)],
    [t("paid_by"), `${payment.rail_name} ${payment.account}${payment.initiated_by === "automatic_debit" ? ` · ${t("automatic")}` : ""}`],
    [t("external_id"), payment.external_id && el("span", { class: "mono" }, payment.external_id)],
    [t("receipt"), payment.receipt_number && el("span", { class: "mono" }, payment.receipt_number)],
    [t("amount"), money(payment.amount)],
    [t("fee"), payment.fee ? money(payment.fee) : null],
    [t("in_points"), payment.in_points || null],
    [t("total"), el("strong", {}, money(payment.total))],
    [t("began_at"), moment(payment.created_at)],
    [t("booked_at"), moment(payment.booked_at)],
    [t("final_on"), payment.status === "provisional" ? dayOf(payment.final_on) : null],
    [t("undone_at"), moment(payment.undone_at)],
    [t("failure"), payment.failure && payment.failure.message],
    [t("disputes"), payment.dispute_id && el("a", { href: `/desk/disputes/${payment.dispute_id}` }, payment.dispute_id)],
    [t("breaks"), payment.break_ids.length > 0 && payment.break_ids.map((id) => el("a", { href: `/desk/breaks/${id}` }, id))],
  ]));
}

function billsCard({ bills }) {
  return card(t("bills"), table(t("bills"), [
    { name: t("bill_number"), of: (bill) => [el("span", { class: "mono" }, bill.number), el("span", { class: "hint" }, ` ${bill.description}`)] },
    { name: t("bureau"), of: (bill) => nameOf(bill.bureau) },
    { name: t("amount"), of: (bill) => money(bill.amount), isNumber: true },
    { name: t("fee"), of: (bill) => money(bill.fee), isNumber: true },
    { name: t("bill_left"), of: (bill) => money(bill.left), isNumber: true },
  ], bills));
}

function eventsCard(events) {
  return card(t("events"), el("ol", { class: "steps" }, events.map((event) => el("li", {},
    el("span", { class: "step-what" }, event.text), el("span", { class: "hint" }, " ", moment(event.at)),
    event.cause && el("div", { class: "hint", lang: "en" }, event.cause)))));
}

function refundsCard(refunds) {
  if (!refunds.length) return card(t("refunds_of"), el("p", { class: "hint" }, t("no_refunds")));
  return card(t("refunds_of"), table(t("refunds_of"), [
    { name: t("bill_number"), of: (refund) => el("span", { class: "mono" }, refund.number) },
    { name: t("amount"), of: (refund) => money(refund.amount), isNumber: true },
    { name: t("status"), of: (refund) => (refund.status === "proposed" && refund.approval_id
      ? el("a", { href: `/desk/approvals/${refund.approval_id}` }, refund.status_text) : refund.status_text) },
    { name: t("expected_on"), of: (refund) => dayOf(refund.expected_on) || "–" },
    { name: t("reason"), of: (refund) => [refund.message, refund.note && el("span", { class: "hint" }, ` ${refund.note}`)] },
  ], refunds));
}

function refundForm(payment, again) {
  const keyFor = keyForEach();
  const open = payment.bills.filter(({ left }) => left > 0);
  const bill = choice(t("bills"), open.map((each) => [each.bill_id, `${each.number} · ${money(each.left)}`]), { value: open[0].bill_id });
  const chosen = () => open.find((each) => each.bill_id === bill.input.value);
  const amount = field(t("give_back_amount"), { inputmode: "numeric", autocomplete: "off", value: String(open[0].left) });
  bill.input.addEventListener("change", () => { amount.input.value = String(chosen().left); });
  const reason = choice(t("give_back_reason"), [["", t("choose")], ...payment.refund_reasons.map((each) => [each.code, each.text + (each.reopens_bill ? t("reopens_bill") : "")])]);
  const note = field(t("give_back_note"), { name: "textarea", rows: 3, maxlength: 500 });
  const hint = payment.two_persons_above === null ? null : t("give_back_hint", { limit: money(payment.two_persons_above) });
  return cardForm(t("give_back"), hint, [bill, amount, reason, note].map(({ block }) => block), t("give_back"), async (pressed, problem) => {
    if (!allFilled(bill, amount, reason, note)) return;
    const most = chosen().left;
    const wanted = /^[0-9]{1,9}$/.test(amount.input.value.trim()) ? Number(amount.input.value) : 0;
    amount.setError(wanted >= 1 && wanted <= most ? "" : t("give_back_amount_wrong", { most }));
    if (!(wanted >= 1 && wanted <= most)) return;
    if (!await confirmed(t("give_back_confirm", { amount: money(wanted) }), t("give_back_text"), t("give_back"))) return;
    await busy(pressed, problem, async () => {
      const body = { payment_id: payment.id, bill_id: bill.input.value, amount: wanted, reason: reason.input.value, note: note.input.value.trim() };
      const refund = await call("POST", "/v1/refunds", { body, key: keyFor(body) });
      await again(t(refund.status === "proposed" ? "refund_proposed" : "refund_begun"));
    });
  });
}

function correctionForm(payment, again) {
  const target = choice(t("correct_to"), payment.corrections.map((each) => [each, t(`status_of_${each}`)]), { value: payment.corrections[0] });
  const reason = field(t("reason"), { name: "textarea", rows: 3, maxlength: 500 });
  return cardForm(t("correct"), t("correct_hint"), [target.block, reason.block], t("correct"), (pressed, problem) => allFilled(target, reason) && busy(pressed, problem, async () => {
    const body = { status: target.input.value, reason: reason.input.value.trim() };
    const { approval_id: approval } = await call("POST", `/v1/officer/payments/${payment.id}/corrections`, { body });
    await again([t("correction_proposed"), " ", el("a", { href: `/desk/approvals/${approval}` }, t("to_approval"))]);
  }), { kind: "" });
}

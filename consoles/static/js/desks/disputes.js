// Disputes: what the cardholder says, what we hold against it, and until when.
import { call } from "../api.js";
import { el } from "../dom.js";
import { dayText, momentText, money, t } from "../language.js";
import { actsForFinance } from "../officer.js";
import { allFilled, busy, button, card, cardForm, confirmed, facts, field, filterLinks, growingList, heading, moment, notice, table } from "../parts.js";
import { redraw } from "../router.js";

const STATUSES = ["opened", "evidence_submitted", "second_chargeback", "won", "lost", "accepted", "all"];
const TONES = { opened: "warn", evidence_submitted: "info", accepted: "", won: "good", lost: "bad", second_chargeback: "warn" };

export const desk = { path: "/desk/disputes", name: "disputes", roles: ["finance", "auditor"], screens: { "/desk/disputes": list, "/desk/disputes/:id": one } };

async function list({ query, signal }) {
  const status = STATUSES.includes(query.get("status")) ? query.get("status") : "opened";
  const load = (cursor) => call("GET", `/v1/disputes?order=deadline&status=${status}&limit=30${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const first = await load();
  const filters = STATUSES.map((each) => [`/desk/disputes?status=${each}`, t(each === "all" ? "any" : `dispute_${each}`), each === status]);
  return {
    title: t("disputes"),
    content: [heading(t("disputes"), { intro: t("disputes_intro") }), filterLinks(filters),
      first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t("none_found"))],
  };
}

function row(item) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/disputes/${item.id}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, item.reason), el("span", { class: "mono" }, item.payment_id),
      el("span", { class: "hint" }, t("pair", { name: t("defend_until"), value: item.defend_until ? momentText(item.defend_until) : t("no_deadline") }))),
    el("span", { class: "figure" }, money(item.amount)), statusMark(item.status)));
}

function statusMark(status) {
  return el("span", { class: `mark ${TONES[status]}` }, t(`dispute_${status}`));
}

async function one({ path, signal }, { said } = {}) {
  const dispute = await call("GET", `/v1/disputes/${encodeURIComponent(path.id)}`, { signal });
  const again = (words) => redraw(one, { path, signal }, words);
  const title = t("dispute_title", { amount: money(dispute.amount) });
  return {
    title,
    content: [
      heading(title, { back: "/desk/disputes" }), said && notice("good", said),
      card(null, facts([
        [t("status"), statusMark(dispute.status)],
        [t("dispute_reason"), t("with_code", { words: dispute.reason, code: dispute.reason_code })],
        [t("defend_until"), dispute.defend_until ? moment(dispute.defend_until) : t("no_deadline")],
        [t("external_id"), el("span", { class: "mono" }, dispute.reference)],
        [t("payment"), el("a", { href: `/desk/payments/${dispute.payment_id}?purpose=dispute` }, t("to_payment"))],
        [t("opened_at"), moment(dispute.opened_at)],
        [t("closed_at"), moment(dispute.closed_at)],
      ])),
      dispute.evidence && evidenceCard(dispute.evidence),
      actsForFinance() && dispute.status === "opened" && [defence(dispute, again), acceptance(dispute, again)],
      card(t("processor_said"), table(t("processor_said"), [
        { name: t("kind"), of: (each) => el("span", { class: "mono" }, each.kind) },
        { name: t("reason"), of: (each) => each.reason },
        { name: t("amount"), of: (each) => money(each.amount), isNumber: true },
        { name: t("occurred_on"), of: (each) => dayText(each.happened_at.slice(0, 10)) },
      ], dispute.notices)),
    ],
  };
}

function evidenceCard(evidence) {
  return card(t("evidence"), el("p", { class: "hint" }, t("evidence_intro")),
    facts([[t("evidence_at"), moment(evidence.submitted_at)], [t("content_hash"), el("span", { class: "mono" }, evidence.package_sha256)]]),
    el("details", {}, el("summary", {}, t("exact_body")), el("pre", { class: "mono", tabindex: "0" }, readable(evidence.package))));
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function defence(dispute, again) {
  const note = field(t("note"), { name: "textarea", rows: 4, maxlength: 2000 });
  return cardForm(t("defend"), t("defend_hint"), note.block, t("defend"), async (pressed, problem) => {
    if (!allFilled(note) || !await confirmed(t("defend_confirm"), t("defend_text"), t("defend"))) return;
    await busy(pressed, problem, async () => {
      await call("POST", `/v1/disputes/${dispute.id}/evidence`, { body: { note: note.input.value.trim() } });
      await again(t("defended"));
    });
  });
}

function acceptance(dispute, again) {
  const problem = el("div");
  const accept = button(t("accept"), async () => {
    if (!await confirmed(t("accept_confirm"), t("accept_text"), t("accept"), { kind: "danger" })) return;
    await busy(accept, problem, async () => {
      await call("POST", `/v1/disputes/${dispute.id}/acceptance`);
      await again(t("accepted"));
    });
  }, { kind: "danger" });
  return card(t("accept"), el("p", { class: "hint" }, t("accept_text")), problem, accept);
}

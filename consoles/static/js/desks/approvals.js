// Decisions of two persons: what waits, what exactly it would do, and the officer's yes or no.
import { call, keyForEach } from "../api.js";
import { el } from "../dom.js";
import { momentText, t } from "../language.js";
import { busy, button, card, confirmed, facts, field, growingList, heading, moment, notice } from "../parts.js";
import { redraw } from "../router.js";

const STATUSES = ["proposed", "approved", "declined", "withdrawn", "expired", "all"];
const TONES = { proposed: "info", approved: "good", declined: "bad", withdrawn: "", expired: "warn" };

export const desk = {
  path: "/desk/approvals",
  name: "approvals",
  roles: null,
  screens: { "/desk/approvals": list, "/desk/approvals/:id": one },
};

async function list({ query, signal }) {
  const status = STATUSES.includes(query.get("status")) ? query.get("status") : "proposed";
  const load = (cursor) => call("GET", `/v1/approvals?status=${status}&limit=30${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const first = await load();
  const filters = el("nav", { class: "filters", "aria-label": t("filter_label") }, STATUSES.map((each) => el("a", {
    class: "filter", href: `/desk/approvals?status=${each}`, "aria-current": each === status && "true",
  }, t(`status_${each}`))));
  const nothing = el("p", { class: "empty" }, t(status === "proposed" ? "none_proposed" : "none_other"));
  return {
    title: t("approvals_title"),
    content: [heading(t("approvals_title"), { intro: t("approvals_intro") }), filters, first.items.length ? growingList(first, load, row) : nothing],
  };
}

function row(item) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/approvals/${item.id}` },
    el("span", { class: "row-words" },
      el("span", { class: "row-title" }, item.title),
      el("span", { class: "mono" }, item.subject),
      el("span", { class: "hint" }, `${item.proposed_by} · ${momentText(item.proposed_at)}`)),
    item.is_mine && el("span", { class: "mark" }, t("mine")), statusMark(item.status)));
}

function statusMark(status) {
  return el("span", { class: `mark ${TONES[status]}` }, t(`status_${status}`));
}

async function one({ path, signal }, { said } = {}) {
  const approval = await call("GET", `/v1/approvals/${encodeURIComponent(path.id)}`, { signal });
  const isOpen = approval.status === "proposed";
  const content = [
    heading(approval.title, { back: "/desk/approvals" }),
    said && notice("good", said),
    card(t(isOpen ? "what_happens" : "what_would_happen"),
      facts(approval.shown.map(({ label, value }) => [label, value])),
      el("details", {}, el("summary", {}, t("exact_body")), el("pre", { class: "mono", tabindex: "0" }, JSON.stringify(approval.body, null, 2)))),
    card(null, facts([
      [t("status"), statusMark(approval.status)],
      [t("subject"), el("span", { class: "mono" }, approval.subject)],
      [t("reason"), approval.reason],
      [t("proposed_by"), approval.proposed_by],
      [t("proposed_at"), moment(approval.proposed_at)],
      [t("expires_at"), isOpen ? moment(approval.expires_at) : null],
      [t("decided_by"), approval.decided_by],
      [t("closed_at"), moment(approval.closed_at)],
      [t("note"), approval.note],
    ])),
  ];
  const again = (words) => redraw(one, { path, signal }, words);
  if (approval.may_decide) content.push(decisionForm(approval, again));
  else if (isOpen && approval.is_mine) content.push(ownProposal(approval, again));
  else if (isOpen) content.push(notice("info", t("only_reading")));
  return { title: approval.title, content };
}

function decisionForm(approval, again) {
  const keyFor = keyForEach();
  const note = field(t("note"), { name: "textarea", hint: t("note_hint"), rows: 3, maxlength: 500 });
  const problem = el("div");
  const send = (pressed, isApproved) => busy(pressed, problem, async () => {
    const body = { is_approved: isApproved, note: note.input.value.trim() };
    await call("POST", `/v1/approvals/${approval.id}/decision`, { body, key: keyFor(body) });
    await again(t(isApproved ? "now_approved" : "now_declined"));
  });
  const approve = button(t("approve"), async () => {
    note.setError("");
    if (await confirmed(t("confirm_title", { title: approval.title }), t("confirm_text"), t("approve"))) await send(approve, true);
  }, { kind: "primary" });
  const decline = button(t("decline"), async () => {
    const isSaid = note.input.value.trim() !== "";
    note.setError(isSaid ? "" : t("note_missing"));
    if (isSaid) await send(decline, false);
  }, { kind: "danger" });
  return card(t("decide_title"), note.block, problem, el("div", { class: "actions" }, approve, decline));
}

function ownProposal(approval, again) {
  const problem = el("div");
  const withdraw = button(t("withdraw"), async () => {
    if (!await confirmed(t("withdraw_confirm", { title: approval.title }), t("withdraw_text"), t("withdraw"), { kind: "danger" })) return;
    await busy(withdraw, problem, async () => {
      await call("POST", `/v1/approvals/${approval.id}/withdrawal`, { body: {} });
      await again(t("now_withdrawn"));
    });
  });
  return notice("info", t("needs_another"), el("p", {}, t("needs_another_detail")), problem, withdraw);
}

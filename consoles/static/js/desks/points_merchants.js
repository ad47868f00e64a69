// Merchants that take points: who waits for approval by two officers, who takes part, who was stopped.
import { call } from "../api.js";
import { el } from "../dom.js";
import { dayText, momentText, money, t } from "../language.js";
import { officer } from "../officer.js";
import { allFilled, busy, button, card, cardForm, confirmed, facts, field, filterLinks, growingList, heading, moment, notice } from "../parts.js";
import { pointsText } from "../points_words.js";
import { redraw } from "../router.js";

const STATUSES = ["applied", "approved", "suspended", "refused", "closed"];
const LET_IN = ["applied", "suspended", "closed"];
const TONES = { applied: "info", approved: "good", suspended: "bad", refused: "bad", closed: "" };

export const desk = {
  path: "/desk/merchants", name: "pts_merchants", roles: ["points_officer", "auditor"],
  screens: { "/desk/merchants": list, "/desk/merchants/:id": one },
};

async function list({ query, signal }) {
  const status = STATUSES.includes(query.get("status")) ? query.get("status") : "applied";
  const load = (cursor) => call("GET", `/v1/points-desk/merchants?status=${status}&limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  return {
    title: t("pts_merchants"),
    content: [heading(t("pts_merchants"), { intro: t("pts_merchants_intro") }),
      filterLinks(STATUSES.map((each) => [`/desk/merchants?status=${each}`, t(`pts_merchant_${each}`), each === status])),
      first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t(status === "applied" ? "pts_none_wait" : "pts_none"))],
  };
}

function row(item) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/merchants/${item.id}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, item.name), el("span", { class: "mono" }, item.business_id),
      el("span", { class: "hint" }, `${item.category_name} · ${t("pts_applied", { at: momentText(item.applied_at) })}`)),
    el("span", { class: `mark ${TONES[item.status]}` }, item.status_name)));
}

async function one({ path, signal }, { said } = {}) {
  const found = await call("GET", `/v1/points-desk/merchants/${encodeURIComponent(path.id)}`, { signal });
  const again = (words) => redraw(one, { path, signal }, words);
  const proof = found.account || found.proof;
  return {
    title: found.name,
    content: [heading(found.name, { back: `/desk/merchants?status=${found.status}`, intro: found.category_name }), said && notice("good", said),
      found.approval_id && notice("info", t("pts_second_waits"), el("p", {}, t("pts_second_waits_detail")), el("a", { class: "button", href: `/desk/approvals/${found.approval_id}` }, t("pts_to_approval"))),
      card(null, facts([
        [t("status"), el("span", { class: `mark ${TONES[found.status]}` }, found.status_name)],
        [t("pts_why"), found.status_reason],
        [t("pts_business_id"), el("span", { class: "mono" }, found.business_id)],
        [t("pts_name_en"), found.name_en],
        [t("pts_owner"), found.owner_name],
        [t("pts_phone"), found.phone],
        [t("pts_account"), proof ? `${proof.bank_code} ${proof.account} ${t(found.account ? "pts_proven" : "pts_not_proven")}` : t("pts_no_account")],
        [t("pts_applied_at"), moment(found.applied_at)],
        [t("pts_approved_at"), moment(found.approved_at)],
        ...(found.closed_at ? [[t("pts_closed_at"), [moment(found.closed_at), " ", t(`pts_closed_by_${found.closed_by}`)]]] : []),
        [t("pts_unsettled"), pointsText(found.unsettled_points)],
        [t("pts_unpaid"), money(found.unpaid)],
      ])),
      card(t("pts_branches", { n: found.branches.length }), found.branches.length ? el("ul", { class: "list", role: "list" }, found.branches.map((branch) => el("li", {},
        el("strong", {}, branch.name), ` ${branch.district_name} ${branch.address}`, branch.closed_at && ` ${t("pts_closed_on", { day: dayText(branch.closed_at.slice(0, 10)) })}`))) : el("p", { class: "hint" }, t("pts_no_branches"))),
      ...(officer().roles.includes("points_officer") ? decisions(found, again) : [])],
  };
}

function decisions(found, again) {
  const address = `/v1/points-desk/merchants/${found.id}`;
  const decided = [];
  if (LET_IN.includes(found.status) && found.proposed !== "closed") {
    const problem = el("div");
    const words = t(found.approval_id ? "pts_approve_second" : "pts_approve_first");
    decided.push(card(t("pts_decide"), el("p", { class: "hint" }, t("pts_two_people")), problem, el("div", { class: "actions" }, button(words, async (event) => {
      if (!await confirmed(t("pts_approve_confirm", { name: found.name }), t(found.approval_id ? "pts_approve_now" : "pts_approve_later"), words)) return;
      busy(event.target, problem, async () => {
        const after = await call("POST", `${address}/approval`);
        await again(t(after.status === "approved" ? "pts_now_approved" : "pts_now_proposed"));
      });
    }, { kind: "primary" }))));
  }
  if (found.proposed === "closed") {
    const problem = el("div");
    decided.push(card(t("pts_close_shop"), el("p", { class: "hint" }, t("pts_close_shop_hint")), problem, el("div", { class: "actions" }, button(t("pts_close_shop_second"), async (event) => {
      if (!await confirmed(t("pts_close_shop_confirm", { name: found.name }), t("pts_close_shop_hint"), t("pts_close_shop_second"), { kind: "danger" })) return;
      busy(event.target, problem, async () => { await call("POST", `${address}/closing`, { body: {} }); await again(t("pts_now_closed")); });
    }, { kind: "danger" }))));
  }
  const withReason = (key, path, done) => {
    const reason = field(t("reason"), { name: "textarea", rows: 2, minlength: 4, maxlength: 400, hint: t("pts_reason_hint") });
    return cardForm(t(key), t(`${key}_hint`), reason.block, t(key), (pressed, problem) => {
      if (!allFilled(reason)) return;
      if (reason.input.value.trim().length < 4) { reason.setError(t("pts_reason_short")); return; }
      busy(pressed, problem, async () => { await call("POST", `${address}/${path}`, { body: { reason: reason.input.value.trim() } }); await again(t(done)); });
    }, { kind: "danger" });
  };
  if (found.status === "applied") decided.push(withReason("pts_refuse", "refusal", "pts_now_refused"));
  if (found.status === "approved") decided.push(withReason("pts_suspend", "suspension", "pts_now_suspended"));
  if (["approved", "suspended"].includes(found.status) && !found.approval_id) decided.push(withReason("pts_close_shop", "closing", "pts_now_close_proposed"));
  return decided;
}

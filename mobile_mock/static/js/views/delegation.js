// One delegation: who, what, how long; saying yes or no to it, acting by it, ending it; and what was done by it.
import { actAnew, call } from "../api.js";
import { announce, el } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, confirmed, facts, growingList, heading, notice } from "../parts.js";
import { go, show } from "../router.js";
import { otherName, period, statusMark } from "./delegations.js";

const HAVE_PAGES = ["bills:read", "payments:pay", "points:read", "rides:book", "rides:read"];

export async function delegation({ path, signal }) {
  const address = `/v1/me/delegations/${encodeURIComponent(path.id)}`;
  const item = await call("GET", address, { signal });
  const loadActs = (cursor) => call("GET", `${address}/acts?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const acts = item.status === "offered" ? { items: [], next_cursor: null } : await loadActs();
  const title = t(item.my_role === "principal" ? "delegation_for_me" : "delegation_by_me", { name: otherName(item) });
  const problem = el("div");
  return {
    title,
    content: [heading(title, { back: "/app/me/delegations", backText: t("delegations_title") }),
      el("p", {}, statusMark(item)),
      item.may.accept && notice("info", t("delegation_read_first"), el("p", {}, t(item.my_role === "principal" ? "delegation_yes_means_principal" : "delegation_yes_means_agent"))),
      el("section", { class: "card" }, el("h2", {}, t(item.my_role === "principal" ? "delegation_they_may" : "delegation_you_may")),
        el("ul", { class: "grants", role: "list" }, item.scopes.map((each) => el("li", {}, icon("check"), el("span", {}, each.words)))),
        facts([
          [t("delegation_how_long"), period(item)],
          [t("delegation_basis"), item.basis_words],
          item.answer_before && [t("delegation_answer_before"), momentText(item.answer_before)],
          item.closed_at && [t("delegation_closed_at"), t(`delegation_closed_by_${item.closed_by}`, { when: momentText(item.closed_at) })],
        ]),
        el("p", { class: "hint" }, t("delegation_never"))),
      problem, el("div", { class: "decision" }, actions(item, address, problem)),
      (acts.items.length > 0 || item.status === "active") && el("section", {}, el("h2", { class: "section-title" }, t("delegation_acts")), item.my_role === "agent" && el("p", { class: "hint" }, t("delegation_acts_hint")),
        acts.items.length === 0 ? el("p", { class: "hint" }, t("delegation_no_acts")) : growingList(acts, loadActs, (entry) => act(entry, item.my_role)))],
  };
}

function actions(item, address, problem) {
  const send = (pressed, verb, done) => busy(pressed, problem, async () => {
    await call("POST", `${address}/${verb}`, { body: {} });
    announce(t(done));
    await show();
  });
  const accept = button(t("delegation_accept"), () => send(accept, "acceptance", "delegation_accepted"), { kind: "primary wide", iconName: "check" });
  const refuse = button(t("delegation_refuse"), () => send(refuse, "refusal", "delegation_refused"), { kind: "quiet wide" });
  const act = button(t("delegation_act", { name: item.other.name || item.other.national_id }), () => busy(act, problem, async () => {
    await actAnew(item.id);
    await go(firstPage(item.scopes.map(({ scope }) => scope)));
  }), { kind: "accent wide", iconName: "people" });
  const revoke = button(t(item.status === "offered" ? "delegation_withdraw" : "delegation_revoke"), async () => {
    const sure = await confirmed(t("delegation_revoke_ask"), t("delegation_revoke_detail"), t("delegation_revoke"), { dangerous: true });
    if (sure) await send(revoke, "revocation", "delegation_revoked");
  }, { kind: "quiet wide", iconName: "cross" });
  return [item.may.accept && accept, item.may.refuse && refuse,
    item.may.act && item.scopes.some((each) => HAVE_PAGES.includes(each.scope)) && act, item.may.revoke && revoke];
}

/** Where somebody who acts begins: bills before rides before points, by what they may. */
function firstPage(scopes) {
  if (scopes.some((scope) => ["bills:read", "payments:pay"].includes(scope))) return "/app";
  return scopes.some((scope) => ["rides:book", "rides:read"].includes(scope)) ? "/app/rides" : "/app/points";
}

function reference(id, role) {
  if (!id) return null;
  if (role === "principal" && id.startsWith("bill_")) return el("a", { href: `/app/bills/${id}` }, t("delegation_see_bill"));
  return el("span", { class: "hint mono fine-print" }, id);
}

function act(entry, role) {
  return el("li", { class: "row plain" }, icon("eye", "large-icon"), el("span", { class: "row-words" },
    el("span", { class: "row-title" }, entry.what_words), el("span", { class: "hint" }, momentText(entry.at)),
    reference(entry.reference, role)));
}

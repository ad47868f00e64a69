// What the person and the officer look at together: the pages people come for, asked of the public API as the person.
import { el } from "../dom.js";
import { dayText, momentText, money, t } from "../language.js";
import { busy, button, card, heading, notice } from "../parts.js";
import { go } from "../router.js";
import { asThePerson, endVisit, visit } from "../visit.js";

/** The screen of a visit; `back` leads to the desk it was begun at. */
export function visitScreen(back) {
  return async ({ signal }, { said } = {}) => {
    if (!visit()) return none(back);
    const [me, bills, vehicles, delegations] = await Promise.all([
      asThePerson("/v1/me", { signal }), asThePerson("/v1/bills?status=unpaid", { signal }), asThePerson("/v1/me/vehicles", { signal }),
      asThePerson("/v1/me/delegations", { signal }).catch(whatIsNotThere),
    ]);
    const problem = el("div");
    const end = button(t("visit_end"), () => busy(end, problem, async () => {
      await endVisit();
      await go(`${back}?ended=1`);
    }), { kind: "primary" });
    return {
      title: t("visit_title"),
      content: [
        heading(t("visit_title"), { intro: t("visit_intro", { at: momentText(visit().ends_at) }) }), said && notice("good", said),
        card(me.name || me.national_id, el("p", { class: "hint" }, me.national_id), el("div", { class: "actions" }, end), problem),
        card(t("their_bills"), list(bills.items, (bill) => [`${money(bill.amount)} ${billWords(bill)}`, t("bill_due", { on: dayText(bill.due_on) })])),
        card(t("their_vehicles"), list(vehicles.items, (vehicle) => [vehicle.plate])),
        delegations && card(t("their_delegations"), list(delegations.items, delegationWords)),
      ],
    };
  };
}

function billWords(bill) {
  return [t(`bill_${bill.kind}`), bill.plate, bill.road || bill.place].filter(Boolean).join(" ");
}

function delegationWords({ my_role: role, other, basis_words: basis, status_words: status }) {
  return [t(role === "agent" ? "acts_for" : "lets_act", { name: other.name || other.national_id || "" }), `${basis} · ${status}`];
}

function list(items, words) {
  if (items.length === 0) return el("p", { class: "hint" }, t("nothing_here"));
  return el("ul", { class: "list", role: "list" }, items.map((item) => {
    const [title, detail] = words(item);
    return el("li", { class: "row" }, el("span", { class: "row-link" }, el("span", { class: "row-words" },
      el("span", { class: "row-title" }, title), detail && el("span", { class: "hint" }, detail))));
  }));
}

function whatIsNotThere(failure) {
  if (failure.status === 404 || failure.status === 403) return null;
  throw failure;
}

function none(back) {
  return {
    title: t("visit_none"),
    content: [heading(t("visit_none"), { back }), notice("info", t("visit_none"), el("p", {}, t("visit_none_detail")))],
  };
}

// What automatic debit will take and when, what it took, and what it left alone; any one to come can be skipped.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { dateText, momentText, money, plate } from "../format.js";
import { t } from "../language.js";
import { busy, button, growingList, mark } from "../parts.js";

const ADDRESS = "/v1/automatic-debits/planned";
const MARKS = { planned: ["info", "clock"], debiting: ["info", "wait"], paid: ["good", "check"], skipped: ["calm", "cross"],
  dropped: ["calm", "cross"], left: ["warn", "overdue"], stopped: ["calm", "cross"] };

/** The list under its heading, or null where nothing was ever planned. */
export async function plannedDebits(signal) {
  const load = (cursor) => call("GET", `${ADDRESS}?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  if (first.items.length === 0) return null;
  return [el("h2", { class: "section-title" }, t("planned_title")), growingList(first, load, (item) => {
    const row = el("li", { class: "card planned" });
    draw(row, item);
    return row;
  })];
}

function draw(row, item) {
  const [tone, iconName] = MARKS[item.status];
  const problem = el("div");
  const change = (key, method, said) => {
    const press = button(t(key), () => busy(press, problem, async () => {
      const fresh = await call(method, `${ADDRESS}/${item.id}/skip`);
      draw(row, fresh);
      announce(t(said));
      row.querySelector("button")?.focus();
    }), { kind: "small quiet", "aria-label": t("of_bill", { what: t(key), number: item.number }) });
    return press;
  };
  fill(row, el("p", { class: "bill-line" }, el("span", {}, t("kind_parking"), " ", plate(item.plate)), money(item.amount, "strong")),
    el("p", {}, mark(tone, t(`planned_${item.status}`, { when: momentText(item.debit_at) }), iconName)),
    item.message && el("p", {}, item.message),
    el("p", { class: "hint" }, t("due_on", { date: dateText(item.due_on) }), " · ", el("span", { class: "mono" }, item.number)),
    problem,
    el("div", { class: "actions" },
      item.can_skip && change("skip_debit", "POST", "debit_skipped"),
      item.can_take_skip_back && change("take_skip_back", "DELETE", "skip_taken_back"),
      item.payment_id ? el("a", { class: "link", href: `/app/payments/${item.payment_id}` }, t("see_payment"))
        : el("a", { class: "link", href: `/app/bills/${item.bill_id}` }, t("see_bill"))));
}

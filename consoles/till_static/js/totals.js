// What the day came to: by till and by staff, to print and as a file.
import { call } from "./api.js";
import { el, fill } from "./dom.js";
import { busy, button, field } from "./parts.js";
import { dayText, money, now, number, points, t, today } from "./words.js";

/** The screen of one day's totals. */
export function totalsScreen({ till, signal }) {
  const place = el("div", { class: "totals" });
  const problem = el("div");
  const chosen = field(t("totals_day"), { type: "date", value: today(), max: today() });
  const show = async () => {
    const day = chosen.input.value || today();
    const totals = await call("GET", `/v1/merchant/day-totals?day=${day}`, { signal });
    fill(place, sheet(totals, till), el("div", { class: "actions unprinted" },
      button(t("print"), () => window.print(), { kind: "primary" }),
      el("a", { class: "button", href: `/v1/merchant/day-totals.csv?day=${day}`, download: `points-${day}.csv` }, t("as_csv"))));
  };
  const press = button(t("totals_show"), (event) => busy(event.target, problem, show));
  chosen.input.addEventListener("change", () => busy(press, problem, show));
  busy(press, problem, show);
  return {
    title: t("totals_title"),
    content: [el("h1", {}, t("totals_title")), el("div", { class: "day-row unprinted" }, chosen.block, press), problem, place],
  };
}

function sheet(totals, till) {
  const columns = [["totals_till", (row) => row.till?.name ?? t("by_shop_code")], ["totals_staff", (row) => row.staff?.name ?? t("nobody")],
    ["totals_done", (row) => counted(row.done, row.done_points)], ["totals_voided", (row) => counted(row.voided, row.voided_points)],
    ["totals_refunds", (row) => counted(row.refunds, row.refunded_points)], ["totals_net", (row) => number(row.net_points)]];
  return [
    el("p", { class: "sheet-head" }, `${till.merchant.name} ${totals.branch.name}`, el("br"), dayText(totals.day)),
    el("dl", { class: "big-facts" },
      el("div", {}, el("dt", {}, t("totals_net_all")), el("dd", {}, points(totals.net_points))),
      el("div", {}, el("dt", {}, t("totals_money")), el("dd", {}, money(totals.net_twd))),
      el("div", {}, el("dt", {}, t("totals_count")), el("dd", {}, number(totals.done)))),
    totals.rows.length === 0 ? el("p", { class: "empty" }, t("totals_none")) : el("table", { class: "table", role: "table" },
      el("caption", { class: "unseen" }, t("totals_title")),
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, columns.map(([key]) => el("th", { scope: "col", role: "columnheader" }, t(key))))),
      el("tbody", { role: "rowgroup" }, totals.rows.map((row) => el("tr", { role: "row" }, columns.map(([key, of], place) => el(place ? "td" : "th",
        { role: place ? "cell" : "rowheader", scope: place ? null : "row", "data-label": t(key) }, el("span", {}, of(row)))))))),
    totals.rows.some((row) => row.waiting > 0) && el("p", { class: "notice warn" }, t("totals_waiting", { n: totals.rows.reduce((all, row) => all + row.waiting, 0) })),
    el("p", { class: "hint" }, t("totals_note")),
    el("p", { class: "hint" }, t("totals_printed", { at: new Date(now()).toLocaleString("sv-SE", { timeZone: "Asia/Taipei" }) })),
  ];
}

function counted(times, amount) {
  return times === 0 ? "0" : t("counted", { n: number(times), points: points(amount) });
}

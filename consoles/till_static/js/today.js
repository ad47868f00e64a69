// The day's list: every payment of this branch, undone or given back from here.
import { Refusal, call } from "./api.js";
import { announce, el, fill, focusOn } from "./dom.js";
import { busy, button, confirmed, field, symbol } from "./parts.js";
import { clockText, money, now, number, points, t, untilText } from "./words.js";

const TONES = { done: "good", awaiting_citizen: "wait", held: "stop", refused: "bad", expired: "bad", voided: "back" };
const OPEN = ["awaiting_citizen", "held"];

/** One line of the list. */
export function line(redemption) {
  const { status, refunded } = redemption;
  const back = status === "done" && refunded > 0 ? t("line_refunded", { points: points(refunded) }) : "";
  return [
    el("span", { class: `line-mark ${TONES[status]}` }, symbol(TONES[status])),
    el("span", { class: "line-words" },
      el("span", { class: "line-what" }, el("time", { datetime: redemption.created_at }, clockText(redemption.created_at)), " ", t(`status_${status}`)),
      el("span", { class: "hint" }, [back, whose(redemption)].filter(Boolean).join(t("comma")))),
    el("span", { class: `line-points ${status === "done" ? "" : "off"}` }, points(redemption.points)),
  ];
}

function whose({ presented, staff, till }) {
  if (presented === "shop_code") return t("by_shop_code");
  return [till?.name, staff?.name].filter(Boolean).join(" ");
}

/** The screen of the whole day; `watch` brings what is new. */
export function todayScreen({ till, watch, signal }) {
  const list = el("ul", { class: "lines", role: "list" });
  const sum = el("p", { class: "sum" });
  const more = el("div");
  const older = [];
  const draw = () => {
    const known = new Set(watch.items().map(({ id }) => id));
    const items = [...watch.items(), ...older.filter(({ id }) => !known.has(id))];
    const done = items.filter(({ status }) => status === "done");
    fill(sum, t(watch.cursor() ? "sum_of_newest" : "sum_today", { n: done.length, points: points(done.reduce((all, each) => all + each.points - each.refunded, 0)) }));
    const here = list.querySelector(":focus")?.dataset.id;
    fill(list, items.map((each) => el("li", {}, el("button", {
      type: "button", class: "line", "data-id": each.id, on: { click: () => showOne(each, { till, onChange: () => watch.look() }) },
    }, line(each)))));
    if (here) list.querySelector(`[data-id="${here}"]`)?.focus();
    if (items.length === 0) fill(list, el("li", { class: "empty" }, t(watch.isLoaded() ? "none_today" : "loading")));
  };
  const drawMore = (cursor) => fill(more, cursor && button(t("load_more"), (event) => busy(event.target, more, async () => {
    const page = await call("GET", `/v1/merchant/redemptions?day=${watch.day()}&limit=50&cursor=${encodeURIComponent(cursor)}`, { signal });
    older.push(...page.items);
    draw();
    drawMore(page.next_cursor);
  })));
  watch.onChange(draw, signal);
  draw();
  drawMore(watch.cursor());
  return { title: t("today_title"), content: [el("h1", {}, t("today_title")), el("p", { class: "hint" }, t("today_hint")), sum, list, more] };
}

function showOne(redemption, { till, onChange }) {
  const problem = el("div");
  const body = el("div");
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "one-title", on: { close: () => dialog.remove() } }, body, problem,
    el("div", { class: "actions" }, button(t("close"), () => dialog.close())));
  const show = (each) => fill(body, el("h2", { id: "one-title" }, `${points(each.points)} ${t(`status_${each.status}`)}`), factsOf(each), doings(each));
  const done = (each, words) => { show(each); announce(words); onChange(); focusOn(body.querySelector("h2")); };

  const doings = (each) => {
    const left = each.points - each.refunded;
    const isOwn = till.staff && each.staff?.id === till.staff.id;
    const may = till.staff?.may_refund || isOwn || OPEN.includes(each.status);
    const until = each.done_at ? Date.parse(each.done_at) + till.void_hours * 3_600_000 : 0;
    const isVoidable = OPEN.includes(each.status) || (each.status === "done" && each.refunded === 0 && until > now());
    const parts = [];
    if (isVoidable && may) {
      parts.push(each.status === "done" && el("p", { class: "hint" }, t("undo_until", { time: untilText(until) })),
        button(t("void"), (event) => voidIt(each, event.target), { kind: "danger wide" }));
    } else if (isVoidable) {
      parts.push(el("p", { class: "hint" }, t("void_by_others")));
    }
    if (each.status === "done" && left > 0 && till.staff?.may_refund) parts.push(refundForm(each, left));
    else if (each.status === "done" && left > 0 && !isVoidable) parts.push(el("p", { class: "hint" }, t("refund_by_others")));
    return parts;
  };

  const voidIt = async (each, pressed) => {
    if (!await confirmed(t("undo_confirm", { points: points(each.points) }), t("undo_confirm_text"), t("undo_yes"), { kind: "danger" })) return;
    await busy(pressed, problem, async () => done(await call("POST", `/v1/merchant/redemptions/${each.id}/void`, { key: `void-${each.id}` }), t("now_voided")));
  };

  const refundForm = (each, left) => {
    const amount = field(t("refund_points"), { inputmode: "numeric", maxlength: 7, hint: t("refund_hint", { left: points(left) }) });
    let key = crypto.randomUUID();
    let keyOf = "";
    const pressed = el("button", { type: "submit", class: "button wide" }, t("refund"));
    const submit = (event) => {
      event.preventDefault();
      const asked = Number(amount.input.value.trim());
      if (!Number.isInteger(asked) || asked < 1 || asked > left) { amount.setError(t("refund_wrong", { left: number(left) })); return; }
      amount.setError("");
      // Pressed again after an answer that was lost, it is the same refund.
      if (keyOf !== String(asked)) { key = crypto.randomUUID(); keyOf = String(asked); }
      busy(pressed, problem, async () => done(await call("POST", `/v1/merchant/redemptions/${each.id}/refunds`, { body: { points: asked }, key }), t("now_refunded", { points: points(asked) })));
    };
    return el("form", { class: "form refund", novalidate: true, on: { submit } }, el("h3", {}, t("refund_title")), amount.block, pressed);
  };

  show(redemption);
  document.body.append(dialog);
  dialog.showModal();
  call("GET", `/v1/merchant/redemptions/${redemption.id}`).then(show, (failure) => { if (!(failure instanceof Refusal)) console.warn(failure); });
}

function factsOf(each) {
  const rows = [
    [t("fact_at"), clockText(each.created_at)],
    [t("fact_by"), whose(each)],
    each.sale_twd !== null && [t("fact_price"), money(each.sale_twd)],
    each.refunded > 0 && each.status === "done" && [t("fact_refunded"), points(each.refunded)],
    each.explanation && [t("fact_why"), each.explanation],
    [t("fact_number"), el("span", { class: "mono" }, each.id.slice(-8))],
  ].filter(Boolean);
  return el("dl", { class: "facts" }, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

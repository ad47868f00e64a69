// Taking points: how many, then the customer's code. A scanner may type its 24 digits at any moment of it.
import { begin } from "./asking.js";
import { canScan, scan } from "./camera.js";
import { announce, el, fill, focusOn } from "./dom.js";
import { chooseOffer } from "./offers.js";
import { OVER_KEYS, button, field, keypad } from "./parts.js";
import { amountAndCode, digitsOf, isPayCode } from "./pay_code.js";
import { showResult } from "./result.js";
import { money, number, points, t } from "./words.js";

const MOST = 1_000_000;

/** The screen: `till` as the API describes it, `latest` an element with what came in last; `redraw()` begins anew. */
export function saleScreen({ till, latest, signal, redraw }) {
  const sale = { points: 0, sale_twd: null, offer: null, code: null };
  const place = el("div", { class: "sale" });

  const ask = () => {
    const told = begin({ code: sale.code, points: sale.points, sale_twd: sale.sale_twd, offer_id: sale.offer?.id ?? null });
    sale.code = null;
    showResult(told, { till, onNext: redraw, onRepeat: () => codeStep() });
  };

  /** With both an amount and a code nothing more is asked. */
  const goOn = () => (sale.points === 0 ? amountStep() : sale.code ? ask() : codeStep());

  const amountStep = () => {
    const amount = field(t("amount"), { class: "input amount", inputmode: OVER_KEYS, maxlength: 40, enterkeyhint: "next", hint: t(sale.code ? "code_is_here" : "amount_hint") });
    const price = field(t("price"), { inputmode: OVER_KEYS, maxlength: 8, hint: t("price_hint") });
    const worth = el("p", { class: "worth", "aria-live": "polite" });
    let current = amount.input;
    for (const each of [amount, price]) each.input.addEventListener("focus", () => { current = each.input; });
    amount.input.addEventListener("input", () => {
      const { amount: digits, code } = amountAndCode(amount.input.value);
      if (code) { sale.code = code; amount.input.value = digits; }
      const asked = Number(digits);
      fill(worth, asked > 0 && asked <= MOST && t(asked > till.confirm_above ? "will_confirm" : "worth", { money: money(asked) }));
      if (code && digits) submit();
      else if (code) { amount.setError(t("code_is_here")); announce(t("code_is_here")); }
    });
    const submit = (event) => {
      event?.preventDefault();
      const { amount: digits, code } = amountAndCode(amount.input.value);
      sale.code = code || sale.code;
      if (!digits) { amount.setError(t(sale.code ? "code_is_here" : "amount_missing")); return; }
      if (!/^[0-9]+$/.test(digits) || Number(digits) < 1 || Number(digits) > MOST) { amount.setError(t("amount_wrong", { most: number(MOST) })); return; }
      const paid = digitsOf(price.input.value);
      if (paid && !/^[0-9]{1,8}$/.test(paid)) { price.setError(t("price_wrong")); return; }
      if (paid && Number(paid) < Number(digits)) { price.setError(t("price_less")); return; }
      Object.assign(sale, { points: Number(digits), sale_twd: paid ? Number(paid) : null, offer: null });
      goOn();
    };
    const offers = el("div");
    fill(place, el("h1", {}, t("sale_title")), el("div", { class: "columns" },
      el("form", { class: "form", novalidate: true, on: { submit } }, amount.block, worth, keypad(() => current),
        el("button", { type: "submit", class: "button big primary" }, t("to_code")),
        el("details", { class: "more" }, el("summary", {}, t("price_too")), price.block)),
      el("div", {}, offers, latest)));
    chooseOffer(offers, { till, signal, onChosen: (offer) => { Object.assign(sale, { points: offer.points, sale_twd: null, offer }); goOn(); } });
    focusOn(amount.input);
  };

  const codeStep = () => {
    const looking = new AbortController();
    signal.addEventListener("abort", () => looking.abort());
    const code = field(t("code"), { class: "input code", inputmode: "numeric", maxlength: 40, hint: t("code_hint") });
    const view = el("div", { class: "camera-place" });
    const take = (digits) => { looking.abort(); sale.code = digits; ask(); };
    const submit = (event) => {
      event.preventDefault();
      const digits = digitsOf(code.input.value);
      if (isPayCode(digits)) take(digits);
      else { code.setError(t(digits.length < 24 ? "code_short" : "code_wrong", { n: digits.length })); code.input.select(); }
    };
    const byCamera = button(t("by_camera"), async () => {
      byCamera.hidden = true;
      try {
        await scan(view, { onCode: take, signal: looking.signal });
      } catch (failure) {
        console.warn(failure);
        fill(view, el("p", { class: "notice warn" }, t("camera_refused")));
      }
    }, { hidden: !canScan() });
    fill(place, el("h1", {}, t("code_title")),
      el("p", { class: "figure" }, points(sale.points)), sale.offer && el("p", {}, sale.offer.title),
      sale.points > till.confirm_above && el("p", { class: "notice info" }, t("will_confirm", { money: money(sale.points) })),
      el("form", { class: "form code-form", novalidate: true, on: { submit } }, code.block, el("button", { type: "submit", class: "button primary big" }, t("take"))),
      view, el("div", { class: "actions" }, byCamera, button(t("other_amount"), () => { looking.abort(); redraw(); })), !canScan() && el("p", { class: "hint" }, t("no_camera")),
      el("p", { class: "hint" }, t("no_code")));
    focusOn(code.input);
  };

  amountStep();
  return { title: t("sale_title"), content: place, focus: ".input.amount" };
}

// "How many points": a number to type and a slider beside it that say the same.
import { el, fill } from "../dom.js";
import { moneyText, number } from "../format.js";
import { t } from "../language.js";
import { button, field } from "../parts.js";

/**
 * A choice of how many of `balance` points pay a part of `amount`; at least NT$1 stays to be paid in money, because points
 * alone are a way of their own. Answers {block, points, isRight, focus}; `onChange` runs after each change.
 */
export function pointsPart(balance, amount, onChange) {
  const most = Math.max(0, Math.min(balance, amount - 1));
  if (most === 0) return { block: el("div", { hidden: true }), points: () => 0, isRight: () => true, focus: () => {} };
  const typed = field(t("points_to_use"), { hint: t("points_to_use_hint", { have: number(balance), most: number(most) }),
    type: "text", inputmode: "numeric", autocomplete: "off", maxlength: "7", value: "0", class: "input points-input" });
  const slider = el("input", { type: "range", class: "slider", min: "0", max: String(most), step: "1", value: "0", "aria-label": t("points_to_use") });
  const said = el("p", { class: "hint", "aria-live": "polite" });
  const value = () => (/^[0-9]+$/.test(read(typed.input)) ? Number(read(typed.input)) : NaN);
  const isRight = () => value() <= most;
  const show = () => {
    typed.setError(isRight() ? "" : t("points_wrong", { most: number(most) }));
    if (!isRight()) return;
    slider.value = String(value());
    slider.setAttribute("aria-valuetext", t("points_amount", { n: number(value()) }));
    fill(said, value() > 0 && t("points_worth", { n: number(value()), amount: moneyText(value()) }));
    onChange();
  };
  const set = (points) => { typed.input.value = String(points); show(); };
  typed.input.addEventListener("input", show);
  slider.addEventListener("input", () => set(slider.value));
  const block = el("fieldset", { class: "points-part" }, el("legend", {}, el("h2", {}, t("points_part_title"))),
    typed.block, slider, said,
    el("div", { class: "points-buttons" }, button(t("points_all", { n: number(most) }), () => set(most), { kind: "small quiet" }),
      button(t("points_none"), () => set(0), { kind: "small quiet" })));
  return { block, points: () => (isRight() ? value() : 0), isRight, focus: () => typed.input.focus() };
}

function read(input) {
  return input.value.normalize("NFKC").replace(/[\s,]/g, "");
}

// Paying with points by a shop's printed code: which shop it is, how many points or which offer, and yes.
import { Unreached, call } from "../api.js";
import { attemptKey, endAttempt } from "../attempts.js";
import { el } from "../dom.js";
import { t } from "../language.js";
import { busy, button, confirmed, field, heading, notice } from "../parts.js";
import { pointsElement, pointsSpoken, pointsText } from "../point_words.js";
import { go } from "../router.js";
import { offerWords, shopPlace } from "./shop_parts.js";

const CODE = /^[0-9A-HJKMNP-TV-Z]{10}$/;
const ATTEMPT = "redemption";

/** Where the code on the counter is typed in, because no camera can read it. */
export async function shopByCode() {
  const title = t("type_shop_code");
  const code = field(t("shop_code"), { hint: t("shop_code_hint"), autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: "14", class: "input plate-input" });
  const submit = (event) => {
    event.preventDefault();
    const typed = code.input.value.normalize("NFKC").replace(/[\s-]/g, "").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
    code.setError(CODE.test(typed) ? "" : t("shop_code_wrong"));
    if (CODE.test(typed)) go(`/app/shops/${typed}`); else code.input.focus();
  };
  return {
    title,
    content: [heading(title, { back: "/app/points/pay", backText: t("pay_at_shop") }), el("p", {}, t("shop_code_camera")),
      el("form", { class: "card form", novalidate: true, on: { submit } }, code.block, button(t("continue_to_shop"), null, { kind: "primary wide", type: "submit" }))],
  };
}

export async function shop({ path, signal }) {
  const [place, account] = await Promise.all([
    call("GET", `/v1/points/shops/${encodeURIComponent(path.code.toUpperCase())}`, { signal }), call("GET", "/v1/points", { signal, inNameOf: null }),
  ]);
  const title = place.merchant === place.name ? place.merchant : t("shop_and_branch", { merchant: place.merchant, branch: place.name });
  return {
    title,
    content: [heading(title, { back: "/app/points/shops", backText: t("shops_title") }), shopPlace(place),
      account.balance > 0 ? payForm(place, title, account.balance) : notice("info", t("no_points_title"), el("p", {}, t("no_points_detail")))],
  };
}

function payForm(place, name, balance) {
  const problem = el("div");
  const amount = field(t("points_to_use"), { hint: t("shop_points_hint", { points: pointsText(balance) }), inputmode: "numeric", autocomplete: "off", maxlength: "7", class: "input points-input" });
  const pay = button(t("shop_pay"), null, { kind: "primary wide tall", type: "submit" });
  const read = (form) => {
    const offer = place.offers.find(({ id }) => id === new FormData(form).get("offer"));
    const typed = amount.input.value.normalize("NFKC").replace(/[\s,]/g, "");
    return { offer, points: offer ? offer.points : /^[0-9]{1,7}$/.test(typed) ? Number(typed) : 0 };
  };
  const chosen = (event) => {
    amount.block.hidden = Boolean(read(event.currentTarget).offer);
    amount.setError("");
  };
  const submit = (event) => {
    event.preventDefault();
    const { offer, points } = read(event.currentTarget);
    const isRight = points > 0 && points <= balance;
    amount.setError(isRight || offer ? "" : t("shop_points_wrong", { points: pointsText(balance) }));
    if (!isRight && !offer) return amount.input.focus();
    return busy(pay, problem, async () => {
      if (!(await confirmed(t("shop_pay_ask", { points: pointsText(points), shop: name }), offer ? offer.title : t("shop_pay_ask_detail"), t("shop_pay_yes", { points: pointsText(points) })))) return;
      const body = { shop_code: place.shop_code, points, offer_id: offer ? offer.id : null };
      try {
        const made = await call("POST", "/v1/points/redemptions", { body, key: attemptKey(ATTEMPT, body), inNameOf: null });
        endAttempt(ATTEMPT);
        go(`/app/points/redemptions/${made.id}`, { replace: true });
      } catch (failure) {
        // Whether it was done is not known: the same once more gets the first answer back, under the same key.
        if (!(failure instanceof Unreached)) endAttempt(ATTEMPT);
        throw failure;
      }
    });
  };
  return el("form", { class: "card form", novalidate: true, on: { submit, change: chosen } },
    place.offers.length > 0 && el("fieldset", { class: "choices" }, el("legend", {}, t("shop_what")),
      choice("", t("shop_amount_myself"), true), place.offers.map((offer) => choice(offer.id, offerWords(offer), false, offer.points > balance, offer.points))),
    amount.block, problem, pay);
}

function choice(value, words, checked, isBarred = false, points = null) {
  return el("label", { class: "choice split" }, el("input", { type: "radio", class: "radio", name: "offer", value, checked, disabled: isBarred }),
    el("span", {}, words, isBarred && el("span", { class: "hint" }, t("offer_too_dear"))),
    points !== null && el("strong", { class: "money", "aria-label": pointsSpoken(points) }, pointsElement(points)));
}

// The shops that are mine, and how a shop comes to take points.
import { call } from "../api.js";
import { isBusinessId } from "../business_id.js";
import { announce, el, focusOn } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, empty, field, growingList, heading, mark } from "../parts.js";
import { go } from "../router.js";
import { selectField } from "../select_field.js";

export const HOME = "/app/me/shops";
export const CATEGORIES = ["food", "groceries", "convenience", "books", "health", "culture", "transport", "market", "services", "other"];
export const TONES = { applied: "info", approved: "good", refused: "bad", suspended: "bad", closed: "" };

export async function ownShops({ signal }) {
  const load = (cursor) => call("GET", `/v1/merchants?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const title = t("own_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }),
      first.items.length === 0 ? empty("store", t("own_none"), t("own_none_detail"), buttonLink(t("own_apply"), `${HOME}/new`, { kind: "primary" }))
        : [growingList(first, load, row), buttonLink(t("own_apply_another"), `${HOME}/new`, { iconName: "plus" })]],
  };
}

function row(shop) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `${HOME}/${shop.id}` }, icon("store", "large-icon"),
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, shop.name), el("span", { class: "hint" }, shop.category_name)), mark(TONES[shop.status], shop.status_name)));
}

export async function applyWithShop() {
  const title = t("own_apply");
  const problem = el("div");
  const number = field(t("own_business_id"), { inputmode: "numeric", maxlength: "8", autocomplete: "off", hint: t("own_business_id_hint") });
  const name = field(t("own_name"), { maxlength: "80", autocomplete: "organization" });
  const english = field(t("own_name_en"), { maxlength: "120", lang: "en", hint: t("own_optional") });
  const category = selectField(t("own_category"), CATEGORIES.map((each) => [each, t(`own_kind_${each}`)]));
  const phone = field(t("own_phone"), { type: "tel", maxlength: "20", autocomplete: "tel" });
  const said = el("p", { class: "hint", "aria-live": "polite" });
  const check = () => {
    const text = number.input.value.trim();
    const isWrong = text.length >= 8 && !isBusinessId(text);
    number.setError(isWrong ? t("own_business_id_wrong") : "");
    said.textContent = isBusinessId(text) ? t("own_business_id_fits") : "";
    return isBusinessId(text);
  };
  number.input.addEventListener("input", check);
  const send = button(t("own_send"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    if (!check()) { number.setError(t("own_business_id_wrong")); focusOn(number.input); return; }
    name.setError(name.input.value.trim() ? "" : t("own_missing"));
    phone.setError(/^[0-9+][0-9 #-]{5,19}$/.test(phone.input.value.trim()) ? "" : t("own_phone_wrong"));
    const wrong = [name, phone].find(({ input }) => input.hasAttribute("aria-invalid"));
    if (wrong) { focusOn(wrong.input); return; }
    busy(send, problem, async () => {
      const body = { business_id: number.input.value.trim(), name: name.input.value.trim(), name_en: english.input.value.trim(), category: category.input.value, phone: phone.input.value.trim() };
      const made = await call("POST", "/v1/merchants", { body });
      announce(t("own_sent"));
      await go(`${HOME}/${made.id}`);
    });
  };
  return {
    title,
    content: [heading(title, { back: HOME }), el("p", {}, t("own_apply_how")),
      el("form", { class: "card form", novalidate: true, on: { submit } }, number.block, said, name.block, english.block, category.block, phone.block, problem, send)],
  };
}

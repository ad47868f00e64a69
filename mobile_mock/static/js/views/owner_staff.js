// Who works at my shop's tills: a number and a PIN each, and who may give points back.
import { call } from "../api.js";
import { announce, el, focusOn } from "../dom.js";
import { clockText } from "../format.js";
import { t } from "../language.js";
import { busy, button, confirmed, empty, field, growingList, mark } from "../parts.js";
import { go } from "../router.js";
import { HOME } from "./owner.js";
import { shopHeading, shopOf } from "./owner_shop.js";

const PIN = { type: "password", inputmode: "numeric", maxlength: "6", autocomplete: "new-password" };

export async function ownStaff({ path, signal }) {
  const shop = await shopOf(path, signal);
  const load = (cursor) => call("GET", `/v1/merchants/${shop.id}/staff?limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const title = t("own_door_staff");
  return {
    title,
    content: [...shopHeading(shop, title), el("p", {}, t("own_staff_how")),
      first.items.length === 0 ? empty("people", t("own_no_staff")) : growingList(first, load, (each) => row(shop, each)), addForm(shop)],
  };
}

function again(shop) {
  return go(`${HOME}/${shop.id}/staff`, { replace: true });
}

function row(shop, each) {
  const address = `/v1/merchants/${shop.id}/staff/${each.id}`;
  const problem = el("div");
  const pin = field(t("own_new_pin"), PIN);
  const setPin = button(t("own_set_pin"), () => {
    pin.setError(/^[0-9]{6}$/.test(pin.input.value) ? "" : t("own_pin_wrong"));
    if (pin.input.hasAttribute("aria-invalid")) { focusOn(pin.input); return; }
    busy(setPin, problem, async () => { await call("PATCH", address, { body: { pin: pin.input.value } }); announce(t("own_pin_set")); await again(shop); });
  });
  const may = button(t(each.may_refund ? "own_refund_no" : "own_refund_yes"), () => busy(may, problem, async () => {
    await call("PATCH", address, { body: { may_refund: !each.may_refund } });
    await again(shop);
  }));
  const leave = button(t("own_leaves"), async () => {
    if (!await confirmed(t("own_leaves_confirm", { name: each.name }), t("own_leaves_text"), t("own_leaves"), { dangerous: true })) return;
    busy(leave, problem, async () => { await call("DELETE", address); await again(shop); });
  }, { kind: "danger" });
  const isLocked = each.locked_until && Date.parse(each.locked_until) > Date.now();
  return el("li", { class: "card" }, el("details", {},
    el("summary", {}, el("strong", { class: "mono" }, each.number), " ", each.name, " ", each.may_refund && mark("info", t("own_may_refund")), isLocked && mark("warn", t("own_locked", { until: clockText(each.locked_until) }))),
    el("div", { class: "form" }, pin.block, setPin, may, leave, problem)));
}

function addForm(shop) {
  const problem = el("div");
  const number = field(t("own_staff_number"), { inputmode: "numeric", maxlength: "6", hint: t("own_staff_number_hint"), autocomplete: "off" });
  const name = field(t("own_staff_name"), { maxlength: "40", autocomplete: "off" });
  const pin = field(t("own_pin"), { ...PIN, hint: t("own_pin_hint") });
  const refund = el("input", { type: "checkbox" });
  const send = button(t("own_add_staff"), null, { kind: "primary wide", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    number.setError(/^[0-9]{2,6}$/.test(number.input.value.trim()) ? "" : t("own_staff_number_hint"));
    name.setError(name.input.value.trim() ? "" : t("own_missing"));
    pin.setError(/^[0-9]{6}$/.test(pin.input.value) ? "" : t("own_pin_wrong"));
    const wrong = [number, name, pin].find(({ input }) => input.hasAttribute("aria-invalid"));
    if (wrong) { focusOn(wrong.input); return; }
    busy(send, problem, async () => {
      await call("POST", `/v1/merchants/${shop.id}/staff`, { body: { number: number.input.value.trim(), name: name.input.value.trim(), pin: pin.input.value, may_refund: refund.checked } });
      announce(t("own_staff_added"));
      await again(shop);
    });
  };
  return el("form", { class: "card form", novalidate: true, autocomplete: "off", on: { submit } }, el("h2", {}, t("own_add_staff")), number.block, name.block, pin.block,
    el("label", { class: "choice" }, refund, el("span", {}, t("own_may_refund_long"))), problem, send);
}

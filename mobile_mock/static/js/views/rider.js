// The rider's profile: the wheelchair by pictures, what is needed, how one is told, which fleet one likes best. Kept once, used
// for every ride; and what one is entitled to, asked of the bureau's register.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { dateText, momentText } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, facts, field, freshId, heading, notice } from "../parts.js";
import { CHAIRS, NEEDS, chairPicture } from "../rider_words.js";
import { selectField } from "../select_field.js";
import { show } from "../router.js";
import { forgetTyped, keepTyped, typed } from "../typed.js";
import { choiceOfOne } from "./booking_parts.js";
import { optional } from "./rides.js";
import { papersPart } from "./rider_papers.js";

const KEPT = "rider-profile";
const SIZES = { manual: [65, 110], electric: [65, 115], scooter: [65, 120] };
const MOST_COMPANIONS = 4;
const WAYS = ["app", "sms", "telephone"];

export async function riderProfile({ signal }) {
  let version = "0";
  const [rider, eligibility, fleets] = await Promise.all([
    call("GET", "/v1/rider", { signal, onVersion: (value) => { version = value; } }), optional("/v1/rider/eligibility", signal), optional("/v1/ride-fleets", signal)]);
  const title = t("rider_title");
  return {
    title,
    content: [heading(title, { back: "/app/rides", backText: t("rides_title") }), eligibilityPart(eligibility, signal), profileForm(rider, version, fleets?.items || [])],
  };
}

function eligibilityPart(eligibility, signal) {
  const problem = el("div");
  const check = button(t("eligibility_check"), () => busy(check, problem, async () => {
    await call("POST", "/v1/rider/eligibility/check", { body: {}, signal });
    announce(t("eligibility_checked"));
    await show();
  }), { kind: eligibility?.is_eligible ? "quiet" : "primary wide", iconName: "shield" });
  if (!eligibility) return el("section", { class: "card" }, el("h2", {}, t("eligibility_title")), problem, check);
  return el("section", { class: "card" }, el("h2", {}, t("eligibility_title")),
    notice(eligibility.is_eligible ? "good" : "warn", t(eligibility.is_eligible ? "eligibility_yes" : "eligibility_no"), el("p", {}, eligibility.in_words)),
    facts([
      eligibility.valid_until && [t("eligibility_until"), dateText(eligibility.valid_until)],
      eligibility.asked_at && [t("eligibility_checked_at"), momentText(eligibility.asked_at)],
    ]),
    el("p", { class: "hint" }, t("eligibility_how")), problem, check, papersPart(eligibility));
}

function profileForm(rider, version, fleets) {
  const mayChange = mayNow("rides:book");
  const before = typed(KEPT)?.version === version ? typed(KEPT).entered : {};
  const shown = { ...rider, ...before };
  const now = { ...shown, wheelchair: { kind: "none", ...shown.wheelchair }, needs: [...(shown.needs || [])], contact: { way: "app", ...shown.contact }, fleet_order: fullOrder(shown.fleet_order || [], fleets), hasOrdered: Boolean(before.fleet_order) };
  const problem = el("div");
  const chair = chairPart(now);
  const needs = needsPart(now);
  const companions = selectField(t("book_companions_usual"), Array.from({ length: MOST_COMPANIONS + 1 }, (_, n) => [String(n), t(n === 0 ? "companions_none" : "companions_n", { n })]), { value: String(now.companions_usual || 0) });
  const dog = checkbox(t("book_dog"), now.service_dog, t("book_dog_hint"));
  const contact = contactPart(now);
  const order = orderPart(now, fleets);
  const notes = field(t("rider_notes"), { maxlength: "200", value: now.notes_for_driver || "", hint: t("rider_notes_hint") });
  const save = button(t("save"), null, { kind: "accent wide tall", type: "submit" });
  const entered = () => ({
    wheelchair: chair.value(), can_transfer: chair.canTransfer(), companions_usual: Number(companions.input.value), service_dog: dog.input.checked, needs: needs.value(),
    languages: now.languages || ["zh-TW"], contact: contact.value(), fleet_order: now.hasOrdered ? now.fleet_order : rider.fleet_order, notes_for_driver: notes.input.value.trim(),
  });
  const keep = () => keepTyped(KEPT, { version, entered: entered() });
  const submit = (event) => {
    event.preventDefault();
    const wrong = chair.check() || contact.check();
    if (wrong) { announce(wrong.words, { urgent: true }); wrong.input.focus(); return; }
    busy(save, problem, async () => {
      const body = entered();
      try {
        await call("PUT", "/v1/rider", { body, version });
      } catch (failure) {
        if (failure.status !== 412) throw failure;
        forgetTyped(KEPT);
        await show();
        announce(t("rider_changed_elsewhere"), { urgent: true });
        return;
      }
      forgetTyped(KEPT);
      await show();
      const done = notice("good", t("saved"), buttonLink(t("book_ride"), "/app/rides/book", { kind: "small" }));
      document.querySelector("main .heading").after(done);
      focusOn(done);
      announce(t("saved"));
    });
  };
  return el("form", { class: "form rider", novalidate: true, on: { submit, change: keep, input: keep } },
    el("section", { class: "card" }, chair.block), el("section", { class: "card" }, needs.block),
    el("section", { class: "card form" }, companions.block, dog.block), el("section", { class: "card" }, contact.block),
    fleets.length > 1 && el("section", { class: "card" }, order), el("section", { class: "card" }, notes.block), problem, mayChange && save);
}

function checkbox(words, isOn, hint) {
  const input = el("input", { type: "checkbox", class: "check", checked: isOn });
  return { input, block: el("label", { class: "choice" }, input, el("span", {}, words, hint && el("span", { class: "hint" }, hint))) };
}

/** Four pictures; with a chair, its size (usual ones are filled in) and whether one can move to a seat. */
function chairPart(now) {
  const name = freshId("chair");
  const chair = now.wheelchair;
  const width = field(t("chair_width"), { inputmode: "numeric", maxlength: "3", value: chair.width_cm || "", hint: t("chair_width_hint") });
  const length = field(t("chair_length"), { inputmode: "numeric", maxlength: "3", value: chair.length_cm || "" });
  const weight = field(t("chair_weight"), { inputmode: "numeric", maxlength: "3", value: chair.weight_kg || "", hint: t("chair_weight_hint") });
  const transfer = checkbox(t("chair_transfer"), now.can_transfer, t("chair_transfer_hint"));
  const more = el("div", { class: "form chair-more", hidden: chair.kind === "none" }, transfer.block,
    el("details", { open: false }, el("summary", {}, t("chair_size")), el("p", { class: "hint" }, t("chair_size_hint")), width.block, length.block, weight.block));
  const choose = (kind) => {
    chair.kind = kind;
    more.hidden = kind === "none";
    if (kind !== "none" && !width.input.value) [width.input.value, length.input.value] = SIZES[kind];
  };
  const number = ({ input }) => { const typed = input.value.normalize("NFKC").trim(); return /^[0-9]{1,3}$/.test(typed) ? Number(typed) : null; };
  return {
    block: el("div", { class: "form" }, el("fieldset", { class: "choices chairs" }, el("legend", {}, t("rider_chair")), CHAIRS.map((kind) => el("label", { class: "choice chair" },
      el("input", { type: "radio", class: "radio", name, value: kind, checked: kind === chair.kind, on: { change: () => choose(kind) } }), chairPicture(kind), el("span", {}, t(`chair_${kind}`))))), more),
    value: () => (chair.kind === "none" ? { kind: "none" } : { kind: chair.kind, width_cm: number(width), length_cm: number(length), ...(number(weight) && { weight_kg: number(weight) }) }),
    canTransfer: () => (chair.kind === "none" ? true : transfer.input.checked),
    check: () => {
      if (chair.kind === "none") return null;
      const wrong = [width, length].find((each) => number(each) === null);
      for (const each of [width, length]) each.setError(number(each) === null ? t("chair_size_missing") : "");
      if (!wrong) return null;
      more.querySelector("details").open = true;
      return { words: t("chair_size_missing"), input: wrong.input };
    },
  };
}

function needsPart(now) {
  const boxes = NEEDS.map((code) => [code, checkbox(t(`need_${code}`), now.needs.includes(code), t(`need_${code}_hint`))]);
  return {
    block: el("fieldset", { class: "choices" }, el("legend", {}, t("rider_needs")), boxes.map(([, box]) => box.block)),
    value: () => boxes.filter(([, box]) => box.input.checked).map(([code]) => code),
  };
}

function contactPart(now) {
  const phone = field(t("contact_phone"), { type: "tel", inputmode: "tel", maxlength: "20", value: now.contact.phone || "", hint: t("contact_phone_hint"), autocomplete: "tel" });
  const showPhone = () => { phone.block.hidden = now.contact.way === "app"; };
  const ways = choiceOfOne(t("rider_contact"), "contact", WAYS.map((way) => [way, t(`contact_${way}`), t(`contact_${way}_hint`)]), now.contact.way, (way) => { now.contact.way = way; showPhone(); });
  showPhone();
  return {
    block: el("div", { class: "form" }, ways.block, phone.block),
    value: () => ({ way: now.contact.way, phone: phone.input.value.trim() || null }),
    check: () => {
      const isWrong = now.contact.way !== "app" && phone.input.value.trim() !== "" && !/^[0-9+()\-\s]{8,20}$/.test(phone.input.value.normalize("NFKC"));
      phone.setError(isWrong ? t("contact_phone_wrong") : "");
      return isWrong ? { words: t("contact_phone_wrong"), input: phone.input } : null;
    },
  };
}

function fullOrder(order, fleets) {
  const known = fleets.map(({ fleet }) => fleet);
  return [...order.filter((fleet) => known.includes(fleet)), ...known.filter((fleet) => !order.includes(fleet))];
}

/** Which fleet one likes best, moved up and down by buttons. */
function orderPart(now, fleets) {
  const list = el("ol", { class: "order-list" });
  const nameOf = (code) => fleets.find(({ fleet }) => fleet === code)?.name || code;
  const move = (place, by) => {
    const code = now.fleet_order[place];
    const other = place + by;
    [now.fleet_order[place], now.fleet_order[other]] = [now.fleet_order[other], code];
    now.hasOrdered = true;
    draw();
    list.dispatchEvent(new Event("change", { bubbles: true }));
    announce(t("order_moved", { fleet: nameOf(code), n: other + 1 }));
    const row = list.children[other];
    (row.querySelector(by < 0 ? ".up" : ".down") || row.querySelector("button")).focus();
  };
  const draw = () => fill(list, now.fleet_order.map((code, place) => el("li", {}, el("span", {}, t("order_place", { n: place + 1, fleet: nameOf(code) })), el("span", { class: "order-buttons" },
    place > 0 && button(t("order_up"), () => move(place, -1), { kind: "small up", "aria-label": t("order_up_of", { fleet: nameOf(code) }) }),
    place < now.fleet_order.length - 1 && button(t("order_down"), () => move(place, 1), { kind: "small down", "aria-label": t("order_down_of", { fleet: nameOf(code) }) })))));
  draw();
  return el("div", {}, el("h2", {}, t("rider_order")), el("p", { class: "hint" }, t("rider_order_hint")), list);
}

// An officer's own phone: linked by a code from the desk once its owner has seen whose desk it is, it gets the tests of that
// officer's messages. The desks that are linked are shown to whoever holds the phone, each with its way out.
import { call } from "../api.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, facts, field, problemPanel } from "../parts.js";

const ADDRESS = "/v1/test-devices";

/** The desks that may send tests here: {items}. */
export function readDesks(signal) {
  return call("GET", ADDRESS, { signal });
}

/** The linked desks with their heading; nothing where there are none. */
export function linkedDesks({ items }) {
  const section = el("section", { class: "linked-desks" });
  const draw = (desks) => {
    section.hidden = desks.length === 0;
    fill(section, el("h2", { class: "section-title" }, t("desks_linked_title")), el("p", {}, t("desks_linked_detail")),
      el("ul", { class: "list", role: "list" }, desks.map((desk) => deskRow(desk, () => {
        draw(desks.filter((each) => each !== desk));
        focusOn(section.querySelector("button") || document.querySelector("h1"));
      }))));
  };
  draw(items);
  return section;
}

/** Closed until it is wanted: most people are no officers. */
export function deskPhonePart(signal) {
  const linked = el("div");
  const place = el("div", { class: "form why-words" });
  const look = async () => {
    try {
      fill(linked, linkedDesks(await readDesks(signal)));
    } catch (failure) {
      if (failure.name !== "AbortError") fill(linked, problemPanel(failure, { retry: look }));
    }
  };
  fill(place, el("p", {}, t("desk_phone_detail")), linker(look));
  look();
  return el("div", {}, linked, el("details", { class: "why" }, el("summary", {}, t("desk_phone_title")), place));
}

function deskRow(desk, gone) {
  const problem = el("div");
  const end = button(t("desk_phone_end"), () => busy(end, problem, async () => {
    await call("DELETE", `${ADDRESS}/${encodeURIComponent(desk.id)}`);
    announce(t("desk_phone_ended"));
    gone();
  }), { kind: "small quiet", "aria-label": t("desk_phone_end_of", { name: desk.officer_name, bureau: desk.bureau_name }) });
  return el("li", { class: "row plain session" }, icon("me", "large-icon"), el("span", { class: "row-words" },
    el("span", { class: "row-title" }, t("desk_of", { bureau: desk.bureau_name, name: desk.officer_name })),
    el("span", { class: "hint" }, t("desk_staff_number", { number: desk.staff_number })),
    el("span", { class: "hint" }, t("desk_phone_linked", { when: momentText(desk.linked_at) })), problem), end);
}

function linker(look) {
  const problem = el("div");
  const asked = el("div");
  const code = field(t("desk_phone_code"), { autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: "40" });
  const next = button(t("desk_phone_next"), null, { kind: "small", type: "submit" });
  const again = () => { fill(asked); form.hidden = false; code.input.value = ""; };
  const submit = (event) => {
    event.preventDefault();
    const text = code.input.value.trim();
    code.setError(text.length >= 4 ? "" : t("desk_phone_missing"));
    if (text.length < 4) return code.input.focus();
    return busy(next, problem, async () => {
      const desk = await call("POST", ADDRESS, { body: { code: text } });
      form.hidden = true;
      const question = confirmation(desk, { linked: async () => { again(); await look(); }, declined: () => { again(); code.input.focus(); } });
      fill(asked, question);
      focusOn(question.querySelector("h3"));
    });
  };
  const form = el("form", { class: "form", novalidate: true, on: { submit } }, code.block, problem, next);
  return el("div", {}, form, asked);
}

/** Whose desk asks: its owner's phone is linked once they say so, and not by the code alone. */
function confirmation(desk, { linked, declined }) {
  const problem = el("div");
  const yes = button(t("desk_phone_yes"), () => busy(yes, problem, async () => {
    await call("POST", `${ADDRESS}/${encodeURIComponent(desk.id)}/confirmation`, { body: {} });
    announce(t("desk_phone_done"));
    await linked();
  }), { kind: "primary" });
  return el("section", { class: "card" }, el("h3", { tabindex: "-1" }, t("desk_phone_ask")),
    facts([[t("desk_bureau"), desk.bureau_name], [t("desk_officer"), desk.officer_name], [t("desk_number"), desk.staff_number]]),
    el("p", {}, t("desk_phone_ask_detail")), problem,
    el("div", { class: "actions" }, yes, button(t("desk_phone_no"), declined, { kind: "quiet" })));
}

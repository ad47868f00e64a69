// An officer's own phone: linked once by a code from the desk, it gets the tests of that officer's messages.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentText } from "../format.js";
import { t } from "../language.js";
import { busy, button, field, mark, problemPanel } from "../parts.js";

const ADDRESS = "/v1/test-devices";

/** Closed until it is wanted: most people are no officers. */
export function deskPhonePart(signal) {
  const place = el("div", { class: "form why-words" });
  const look = async () => {
    try {
      draw(place, await call("GET", ADDRESS, { signal }), look);
    } catch (failure) {
      if (failure.name !== "AbortError") fill(place, problemPanel(failure, { retry: look }));
    }
  };
  const block = el("details", { class: "why", on: { toggle: () => { if (block.open && !place.hasChildNodes()) look(); } } },
    el("summary", {}, t("desk_phone_title")), place);
  return block;
}

function draw(place, { linked_at: moments }, look) {
  fill(place, el("p", {}, t("desk_phone_detail")), moments.map((moment) => mark("good", t("desk_phone_linked", { when: momentText(moment) }), "check")),
    linker(look), moments.length > 0 && ender(look));
}

function linker(look) {
  const problem = el("div");
  const code = field(t("desk_phone_code"), { autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: "40" });
  const link = button(t("desk_phone_link"), null, { kind: "small", type: "submit" });
  const submit = (event) => {
    event.preventDefault();
    const text = code.input.value.trim();
    code.setError(text.length >= 4 ? "" : t("desk_phone_missing"));
    if (text.length < 4) return code.input.focus();
    return busy(link, problem, async () => {
      await call("POST", ADDRESS, { body: { code: text } });
      await look();
    });
  };
  return el("form", { class: "form", novalidate: true, on: { submit } }, code.block, problem, link);
}

function ender(look) {
  const problem = el("div");
  const end = button(t("desk_phone_end"), () => busy(end, problem, async () => {
    await call("DELETE", ADDRESS);
    announce(t("desk_phone_ended"));
    await look();
  }), { kind: "small quiet" });
  return el("div", {}, problem, end);
}

// Nobody came: said after the wait that was agreed, with where the van stands and how long it stood there instead of a photograph.
import { el, fill } from "./dom.js";
import { mayBeAbsent } from "./manifest.js";
import { busy, button, field, sheet } from "./parts.js";
import { placeNow } from "./whereabouts.js";
import { clockText, sinceText, t } from "./words.js";

/** Show what is written down, ask once more, and press `no_show`. */
export function absentSheet(stop, { pressed }) {
  sheet(t("absent_title"), (close) => {
    const note = field(t("absent_note"), { hint: t("absent_note_hint"), maxlength: 200 });
    const problem = el("div");
    const waited = el("dd", {});
    const send = button(t("absent_send"), () => busy(send, problem, async () => {
      if (!mayBeAbsent(stop)) { fill(problem, el("p", { class: "notice warn" }, t("absent_too_soon", { at: clockText(stop.no_show_from) }))); return; }
      await pressed("no_show", stop, { ...placeNow(), ...(note.input.value.trim() && { note: note.input.value.trim() }) });
      close();
    }), { kind: "danger big" });
    const draw = () => fill(waited, sinceText(stop.arrived_at));
    draw();
    const timer = window.setInterval(() => { draw(); if (!waited.isConnected) window.clearInterval(timer); }, 1000);
    return [
      el("p", {}, t("absent_call")),
      stop.rider?.phone && el("a", { class: "button wide", href: `tel:${stop.rider.phone}` }, t("call_rider")),
      el("h3", {}, t("absent_written")),
      el("dl", { class: "facts" },
        el("div", {}, el("dt", {}, t("fact_arrived")), el("dd", {}, clockText(stop.arrived_at))),
        el("div", {}, el("dt", {}, t("fact_waited")), waited),
        el("div", {}, el("dt", {}, t("fact_place")), el("dd", {}, t(Object.keys(placeNow()).length ? "place_known" : "place_unknown")))),
      Object.keys(placeNow()).length === 0 && el("p", { class: "notice warn" }, t("absent_no_place")), note.block, problem, send, button(t("back"), close, { kind: "wide" })];
  });
}

// How far a message has come, as a mark.
import { el } from "./dom.js";
import { t } from "./language.js";

const TONES = { draft: "", submitted: "warn", scheduled: "info", sending: "info", paused: "warn", done: "good", recalled: "bad", cancelled: "" };

export function stateMark(state) {
  return el("span", { class: `mark ${TONES[state] || ""}` }, t(`state_${state}`));
}

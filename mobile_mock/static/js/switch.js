// A switch with its words. It moves under the finger at once, and goes back where the change fails.
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { busy, freshId } from "./parts.js";

/**
 * `change(wanted)` does the work and may fail; its failure is drawn under the switch. Answers {block, input, set}:
 * `set(isOn)` shows another state without doing anything.
 */
export function bigSwitch(label, isOn, change, { hint, className = "", ...attributes } = {}) {
  const problem = el("div");
  const hintId = freshId("hint");
  const word = el("span", { class: "switch-word", "aria-hidden": "true" });
  const set = (value) => { input.checked = value; fill(word, t(value ? "switch_on" : "switch_off")); };
  const pressed = async () => {
    const wanted = input.checked;
    let isDone = false;
    set(wanted);
    await busy(input, problem, async () => {
      await change(wanted);
      isDone = true;
    });
    if (!isDone) set(!wanted);
  };
  const input = el("input", { type: "checkbox", role: "switch", class: "switch", "aria-describedby": hint && hintId, on: { change: pressed }, ...attributes });
  set(isOn);
  const block = el("div", { class: `switch-block ${className}` }, el("label", { class: "switch-line" },
    el("span", { class: "switch-label" }, label), el("span", { class: "switch-end" }, word, input)),
  hint && el("p", { class: "hint", id: hintId }, hint), problem);
  return { block, input, set };
}

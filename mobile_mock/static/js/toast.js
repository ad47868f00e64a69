// Says what was just done and offers to take it back. It stays until it is put away or the screen is left: taking something
// back is not a race against a clock.
import { announce, el } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { busy, button } from "./parts.js";

let standing = null;

/** `after`: the element behind which it is read and reached by keyboard. `undo()` takes back what was done; it may fail. */
export function toast(text, { after, undo, focus = false } = {}) {
  standing?.remove();
  const problem = el("div");
  const block = el("div", { class: "toast", role: "group", "aria-label": t("toast_label") }, el("p", {}, icon("check"), el("span", {}, text)), problem);
  const back = undo && button(t("undo"), () => busy(back, problem, async () => { await undo(); block.remove(); }), { kind: "small", iconName: "undo" });
  const away = button(t("put_away"), () => block.remove(), { kind: "small quiet" });
  block.append(el("div", { class: "toast-actions" }, back, away));
  after.after(block);
  standing = block;
  announce(undo ? t("toast_spoken", { text }) : text);
  if (focus) (back || away).focus();
  return block;
}

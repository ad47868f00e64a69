// How a message looks when it arrives on a locked phone. Drawn for the eye; a screen reader hears it as one sentence.
import { el } from "./dom.js";
import { sign } from "./icons.js";
import { t } from "./language.js";

/** `title` and `body` as the bureau wrote them, on a piece of a locked phone. */
export function lockScreen({ title, body }, { hasClock = true } = {}) {
  return el("figure", { class: "lock-screen" },
    hasClock && el("p", { class: "lock-clock", "aria-hidden": "true" }, "8:30"),
    el("div", { class: "lock-card" },
      el("p", { class: "lock-from" }, sign(), el("span", {}, t("app_name")), el("span", { class: "lock-now" }, t("lock_now"))),
      el("p", { class: "lock-title" }, title),
      el("p", { class: "lock-body" }, body)),
    el("figcaption", { class: "unseen" }, t("lock_caption")));
}

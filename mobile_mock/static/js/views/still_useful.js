// The one friendly question: still useful? Whoever does not answer is not asked again: it ends by itself.
import { el } from "../dom.js";
import { dateText, dayOf } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button } from "../parts.js";
import { keep, nameOf, stop } from "../subscribing.js";
import { announce } from "../dom.js";

/** `kept(subscription)` and `stopped()` draw what follows from the answer. */
export function questionPart(item, { kept, stopped }) {
  const problem = el("div");
  const name = nameOf(item);
  const yes = button(t("still_useful_yes"), () => busy(yes, problem, async () => {
    const current = await keep(item.id);
    announce(t("still_useful_kept", { name }));
    kept(current);
  }), { kind: "small primary", iconName: "check", "aria-label": t("still_useful_yes_of", { name }) });
  const no = button(t("still_useful_no"), () => busy(no, problem, async () => {
    await stop(item.id);
    stopped();
  }), { kind: "small quiet", "aria-label": t("still_useful_no_of", { name }) });
  return el("div", { class: "question" }, el("p", { class: "question-title" }, icon("bell"), el("span", {}, t("still_useful"))),
    el("p", {}, t("still_useful_detail", { date: dateText(dayOf(item.question.answer_by)) })), problem,
    el("div", { class: "actions" }, yes, no));
}

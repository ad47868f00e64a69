// One topic: what for, how it looks, how it ends by itself, and one big switch; or the way to choose what it is to be about.
import { el, fill, focusOn } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { lockScreen } from "../lock_screen.js";
import { buttonLink, mark } from "../parts.js";
import { stop, subscribe, takeBack } from "../subscribing.js";
import { bigSwitch } from "../switch.js";
import { toast } from "../toast.js";
import { endEditor } from "./end_choice.js";

/** `live`: what the person takes of this topic. */
export function topicCard(item, live) {
  const address = `/app/topics/${encodeURIComponent(item.code)}`;
  const card = el("article", { class: "card topic" });
  const ends = howItEnds(item);
  const changed = (subscription) => { ends.hidden = subscription !== null; };
  fill(card, el("div", { class: "topic-words" }, el("h3", {}, el("a", { class: "topic-name", href: address }, item.name)), el("p", {}, item.purpose), ends),
    lockScreen(item.sample, { hasClock: false }),
    el("div", { class: "topic-foot" }, item.subject_kind ? chooser(item, live, address) : topicSwitch(item, live[0] || null, card, { changed })));
  return card;
}

/** How it ends, in one sentence, with the sign of an hourglass. */
export function howItEnds(item) {
  return el("p", { class: "topic-ends" }, icon("wait"), el("span", {}, t("topic_ends", { how: item.ends.join(t("or_joint")) })));
}

/**
 * Take this topic, or no more of it; taking it back is one press away. `current`: the live subscription, or null. `subject`
 * and `label`: where it is one thing of many that the topic can be about.
 */
export function topicSwitch(item, current, anchor, { subject, label, changed = () => {} } = {}) {
  const name = label ? t("subscription_name", { topic: item.name, subject: label }) : item.name;
  const until = el("div");
  const draw = (subscription) => {
    current = subscription;
    fill(until, subscription && endEditor(subscription, (moved) => { draw(moved); focusOn(until.querySelector("summary")); }));
    changed(subscription);
  };
  const begin = async () => {
    draw(await subscribe(item.code, subject));
    toast(t("topic_taken", { name }), { after: anchor });
  };
  const end = async () => {
    const stopped = current;
    await stop(stopped.id);
    draw(null);
    toast(t("topic_stopped", { name }), { after: anchor, undo: async () => { draw(await takeBack(stopped)); control.set(true); control.input.focus(); } });
  };
  const control = bigSwitch(label || [t("topic_take"), el("span", { class: "unseen" }, ` ${item.name}`)], current !== null, (wanted) => (wanted ? begin() : end()));
  draw(current);
  return el("div", {}, control.block, until);
}

function chooser(item, live, address) {
  const text = t(item.needs_subject ? "choose_what" : "choose_all_or_some");
  return el("div", { class: "topic-choose" }, live.length > 0 && mark("good", t("topic_taken_count", { n: live.length }), "check"),
    buttonLink(text, address, { kind: "wide", iconName: "plus", "aria-label": `${text} · ${item.name}` }));
}

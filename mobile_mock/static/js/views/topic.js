// One topic in full: how it looks, how it ends, about which of my things, until when, and on which ground of the law.
import { call } from "../api.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { lockScreen } from "../lock_screen.js";
import { empty, facts, heading } from "../parts.js";
import { liveSubscriptions } from "../subscribing.js";
import { subjectPicker } from "./subject_picker.js";
import { howItEnds, topicSwitch } from "./topic_card.js";

export async function topic({ path, signal }) {
  const [{ items }, all] = await Promise.all([call("GET", "/v1/topics", { signal }), liveSubscriptions(signal)]);
  const item = items.find((each) => each.code === path.code);
  const back = { back: "/app/topics", backText: t("tab_topics") };
  if (!item) return { title: t("no_such_topic"), content: [heading(t("no_such_topic"), back), empty("bell", t("no_such_topic"), t("no_such_topic_detail"))] };
  const live = all.filter((each) => each.topic === item.code);
  const subjects = item.subject_kind ? (await call("GET", `/v1/topics/${encodeURIComponent(item.code)}/subjects`, { signal })).items : null;
  const switches = el("section", { class: "card topic-foot" });
  const ends = howItEnds(item);
  const changed = (subscription) => { ends.hidden = subscription !== null; };
  const whole = live.find((each) => !each.subject) || null;
  fill(switches, subjects ? subjectPicker(item, subjects, live, switches) : topicSwitch(item, whole, switches, { changed }));
  return {
    title: item.name,
    content: [heading(item.name, back), el("p", { class: "hint" }, item.bureau_name), el("p", { class: "lead" }, item.purpose),
      lockScreen(item.sample), ends, switches,
      el("details", { class: "why" }, el("summary", {}, icon("info"), t("topic_more")), facts([
        [t("topic_basis"), item.legal_basis], [t("topic_channels"), item.channels.map((channel) => t(`channel_${channel}`)).join(t("list_joint"))]]))],
  };
}

// Everything the bureaus tell people about: what for, how it looks on a locked phone, how it ends by itself, and its switch.
import { call } from "../api.js";
import { el } from "../dom.js";
import { inGroups } from "../groups.js";
import { t } from "../language.js";
import { notifyTabs } from "../notify_tabs.js";
import { empty, heading } from "../parts.js";
import { selectField } from "../select_field.js";
import { liveSubscriptions } from "../subscribing.js";
import { topicCard } from "./topic_card.js";

export async function topics({ signal }) {
  const [{ items }, live] = await Promise.all([call("GET", "/v1/topics", { signal }), liveSubscriptions(signal)]);
  const title = t("topics_title");
  const sections = inGroups(items, (item) => item.bureau_name).map(([name, group]) => el("section", { class: "bureau" }, el("h2", { class: "section-title" }, name),
    group.map((item) => topicCard(item, live.filter((each) => each.topic === item.code)))));
  return {
    title,
    content: [heading(title), notifyTabs("/app/topics"), el("p", { class: "lead" }, t("topics_lead")),
      items.length === 0 ? empty("bell", t("no_topics_title"), t("no_topics_detail")) : bureauFilter(sections), sections],
  };
}

/** One bureau's topics, or all. */
function bureauFilter(sections) {
  const names = sections.map((section) => section.firstElementChild.textContent);
  const choice = selectField(t("topic_bureau"), [["", t("all_bureaus")], ...names.map((name, place) => [String(place), name])]);
  choice.input.addEventListener("change", () => {
    sections.forEach((section, place) => { section.hidden = choice.input.value !== "" && choice.input.value !== String(place); });
  });
  return choice.block;
}

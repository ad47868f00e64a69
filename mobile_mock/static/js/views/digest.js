// The day's digest: one quiet message, and behind it everything that did not ring.
import { el } from "../dom.js";
import { clockText } from "../format.js";
import { icon } from "../icons.js";
import { lookForMessages } from "../inbox_watch.js";
import { t } from "../language.js";
import { markRead, overMark } from "./message_parts.js";

/** A row of the inbox that unfolds; opening it is reading it. */
export function digestRow(item) {
  const row = el("li", { class: `row message digest ${item.read_at ? "" : "unread"}` });
  const opened = () => {
    if (!fold.open || item.read_at) return;
    markRead(item.id).then(lookForMessages).catch(() => {});
    item.read_at = item.created_at;
    row.classList.remove("unread");
    row.querySelector(".dot")?.remove();
  };
  const fold = el("details", { on: { toggle: opened } },
    el("summary", {}, icon("digest", "large-icon"), el("span", { class: "row-words" },
      el("span", { class: "message-from" }, el("span", {}, t("digest_word")), el("time", { datetime: item.created_at }, clockText(item.created_at))),
      el("span", { class: "row-title" }, !item.read_at && el("span", { class: "dot" }, el("span", { class: "unseen" }, t("unread"), " ")), item.title))),
    digestItems(item));
  row.append(fold);
  return row;
}

/** What it gathers, each with its topic and its bureau. */
export function digestItems(item) {
  return el("ul", { class: "digest-items", role: "list" }, item.items.map((each) => el("li", {},
    el("p", { class: "message-from" }, el("span", {}, [each.bureau_name, each.topic_name].filter(Boolean).join(" · "))),
    overMark(each),
    el("p", { class: each.recalled_at ? "struck" : "" }, el("a", { class: "link row-title", href: `/app/inbox/${each.id}` }, each.title)), el("p", {}, each.body))));
}

// Messages from the city, by day: whose they are and what about, which are unread, which are emergencies.
import { call } from "../api.js";
import { el, fill } from "../dom.js";
import { clockText, dayOf, dayText } from "../format.js";
import { inGroups } from "../groups.js";
import { icon } from "../icons.js";
import { lookForMessages } from "../inbox_watch.js";
import { t } from "../language.js";
import { notifyTabs } from "../notify_tabs.js";
import { busy, button, empty, growing, heading } from "../parts.js";
import { show } from "../router.js";
import { alertBand, cameFrom, markRead, overMark } from "./message_parts.js";
import { digestRow } from "./digest.js";

export async function inbox({ signal }) {
  const load = (cursor) => call("GET", `/v1/inbox?limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const title = t("inbox_title");
  const unread = first.items.filter((item) => !item.read_at);
  const problem = el("div");
  const readAll = button(t("mark_all_read"), () => busy(readAll, problem, async () => {
    await Promise.all(unread.map((item) => markRead(item.id)));
    await lookForMessages();
    await show();
  }), { kind: "small quiet", iconName: "check" });
  const news = el("div");
  const arrived = (event) => { if (!signal.aborted) fill(news, button(t("new_message", { title: event.detail.title }), () => show(), { kind: "small wide" })); };
  window.addEventListener("phone:message", arrived, { signal });
  const days = el("div", { class: "days" });
  return {
    title,
    content: [heading(title), notifyTabs("/app/inbox"), news, problem, first.unread > 0 && el("p", { class: "list-tools" }, t("unread_count", { n: first.unread }), unread.length > 0 && readAll),
      first.items.length === 0 && empty("inbox", t("no_messages_title"), t("no_messages_detail")),
      growing(days, first, load, (items) => addByDay(days, items))],
  };
}

/** Newest day first; what belongs to the day at the end joins it. */
function addByDay(days, items) {
  for (const [day, group] of inGroups(items, (item) => dayOf(item.created_at))) {
    let section = days.lastElementChild;
    if (section?.dataset.day !== day) {
      section = el("section", { "data-day": day }, el("h2", { class: "section-title" }, dayText(day)), el("ul", { class: "list", role: "list" }));
      days.append(section);
    }
    section.querySelector("ul").append(...group.map(draw));
  }
}

function draw(item) {
  if (item.kind === "digest") return digestRow(item);
  const state = [item.read_at ? "" : "unread", item.alert ? "alert" : "", item.recalled_at ? "withdrawn" : item.settled_at ? "settled" : ""].filter(Boolean).join(" ");
  return el("li", { class: `row message ${state}` }, item.alert && alertBand(item.alert, item.recalled_at), el("a", { class: "row-link", href: `/app/inbox/${item.id}` },
    el("span", { class: "row-words" },
      el("span", { class: "message-from" }, el("span", {}, cameFrom(item)), el("time", { datetime: item.created_at }, clockText(item.created_at))),
      overMark(item),
      el("span", { class: "row-title" }, !item.read_at && el("span", { class: "dot" }, el("span", { class: "unseen" }, t("unread"), " ")), item.title),
      el("span", { class: "row-text" }, item.body)),
    icon("forward")));
}

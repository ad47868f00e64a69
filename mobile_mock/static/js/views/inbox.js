// Messages from the city: the list, one message, and why it was sent.
import { call } from "../api.js";
import { el, fill } from "../dom.js";
import { momentElement } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { busy, button, buttonLink, empty, growingList, heading, problemPanel } from "../parts.js";
import { show } from "../router.js";
import { lookForMessages } from "../inbox_watch.js";

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
  const arrived = (event) => { if (!signal.aborted) fill(news, button(t("new_message", { title: event.detail.title }), () => show(), { kind: "small wide" })); };
  const news = el("div");
  window.addEventListener("phone:message", arrived, { signal });
  return {
    title,
    content: [heading(title), news, problem, unread.length > 0 && el("p", { class: "list-tools" }, t("unread_count", { n: first.unread }), readAll),
      first.items.length === 0 && empty("inbox", t("no_messages_title"), t("no_messages_detail")),
      growingList(first, load, draw)],
  };
}

function draw(item) {
  return el("li", { class: `row ${item.read_at ? "" : "unread"}` }, el("a", { class: "row-link", href: `/app/inbox/${item.id}` },
    el("span", { class: "row-words" },
      el("span", { class: "row-title" }, !item.read_at && el("span", { class: "dot" }, el("span", { class: "unseen" }, t("unread"), " ")), item.title),
      el("span", { class: "row-text" }, item.body),
      el("span", { class: "hint" }, momentElement(item.created_at))),
    icon("forward")));
}

function markRead(id) {
  return call("PATCH", `/v1/inbox/${encodeURIComponent(id)}`, { body: { is_read: true } });
}

export async function message({ path, signal }) {
  const address = `/v1/inbox/${encodeURIComponent(path.id)}`;
  const item = await call("GET", address, { signal });
  if (!item.read_at) markRead(item.id).then(lookForMessages).catch(() => {});
  const reason = el("div", { class: "why-words" });
  const why = el("details", { class: "why", on: { toggle: () => { if (why.open && !reason.hasChildNodes()) explain(address, reason, signal); } } },
    el("summary", {}, icon("info"), t("why_title")), reason);
  return {
    title: item.title,
    content: [heading(item.title, { back: "/app/inbox", backText: t("inbox_title") }),
      el("section", { class: "card letter" }, el("p", { class: "hint" }, momentElement(item.created_at)), item.body.split("\n").map((line) => el("p", {}, line)),
        item.link && opener(item.link)),
      why],
  };
}

/** A link inside the phone opens here; any other is shown in full, so that nobody is sent somewhere unseen. */
function opener(link) {
  const target = new URL(link, window.location.origin);
  if (target.origin === window.location.origin) return buttonLink(t("open_link"), target.pathname + target.search, { kind: "primary" });
  if (target.protocol !== "https:") return null;
  return el("p", {}, el("a", { class: "link", href: target.href, target: "_blank", rel: "noopener noreferrer" }, target.href));
}

async function explain(address, place, signal) {
  try {
    const answer = await call("GET", `${address}/why`, { signal });
    fill(place, el("p", {}, answer.explanation));
  } catch (failure) {
    fill(place, problemPanel(failure));
  }
}

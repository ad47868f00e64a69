// The four pages about being told: messages, what one takes, everything there is to take, and how.
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./language.js";

const PAGES = [
  { path: "/app/inbox", key: "tab_messages", iconName: "inbox" },
  { path: "/app/subscriptions", key: "tab_subscriptions", iconName: "check" },
  { path: "/app/topics", key: "tab_topics", iconName: "bell" },
  { path: "/app/notifications", key: "tab_settings", iconName: "sliders" },
];

/** Where one is among them: `current` is a path. */
export function notifyTabs(current) {
  return el("nav", { class: "tabs notify-tabs", "aria-label": t("notify_pages") }, PAGES.map(({ path, key, iconName }) =>
    el("a", { class: "tab", href: path, "aria-current": path === current && "page" }, icon(iconName), el("span", {}, t(key)))));
}

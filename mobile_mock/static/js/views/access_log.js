// Who read my data: every look by somebody else, and what for.
import { call } from "../api.js";
import { el } from "../dom.js";
import { momentElement } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { empty, growingList, heading } from "../parts.js";

export async function accessLog({ signal }) {
  const load = (cursor) => call("GET", `/v1/me/access-log?limit=30${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const first = await load();
  const title = t("access_log_title");
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("nav_me") }), el("p", {}, t("access_log_detail")),
      first.items.length === 0 && empty("eye", t("no_access_title"), t("no_access_detail")),
      growingList(first, load, draw)],
  };
}

function draw(entry) {
  return el("li", { class: "row plain" }, icon("eye", "large-icon"), el("span", { class: "row-words" },
    el("span", { class: "row-title" }, entry.who), el("span", {}, t("access_what", { what: entry.what_words, purpose: entry.purpose_words })),
    entry.reference && el("span", { class: "mono fine-print" }, entry.reference), el("span", { class: "hint" }, momentElement(entry.at))));
}

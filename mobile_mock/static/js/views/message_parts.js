// What the list of messages and the page of one have in common.
import { call } from "../api.js";
import { el } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { mark } from "../parts.js";

export function markRead(id) {
  return call("PATCH", `/v1/inbox/${encodeURIComponent(id)}`, { body: { is_read: true } });
}

/** "Bureau of Cultural Affairs · Weekend events", or the city itself where it is about one's own affairs. */
export function cameFrom(item) {
  return [item.bureau_name, item.topic_name].filter(Boolean).join(" · ") || t(item.alert ? "from_alert" : "from_city");
}

/** An emergency, or what is left of it: told by band, sign and words together. */
export function alertBand(alert, recalledAt) {
  const isOver = alert.is_cancelled || Boolean(recalledAt) || Date.parse(alert.expires_at) < Date.now();
  const key = alert.is_cancelled || recalledAt ? "alert_cancelled" : isOver ? "alert_over" : "alert_until";
  return el("p", { class: `alert-band ${isOver ? "over" : ""} ${alert.is_drill ? "drill" : ""}` }, icon(isOver ? "check" : "siren"),
    el("strong", {}, t(alert.is_drill ? "alert_drill" : "alert_word")), el("span", {}, t(key, { when: momentText(alert.expires_at) })));
}

/** That its sender has taken it back, or that what it tells of is settled: its words then say so, and nothing else. */
export function overMark(item) {
  if (item.recalled_at && !item.alert) return mark("bad", t("withdrawn"), "undo");
  return item.settled_at && mark("good", t("settled"), "check");
}

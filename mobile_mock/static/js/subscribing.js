// Beginning, ending and keeping a subscription: the requests, and what is said afterwards.
import { call } from "./api.js";
import { dateText } from "./format.js";
import { t } from "./language.js";

/** Everything the person takes now. */
export async function liveSubscriptions(signal) {
  const items = [];
  let cursor = null;
  do {
    const page = await call("GET", `/v1/subscriptions?status=live&limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

/** Take a topic, or only what it says about `subject`. */
export function subscribe(topic, subject) {
  return call("POST", "/v1/subscriptions", { body: subject ? { topic, subject } : { topic } });
}

export function stop(id) {
  return call("DELETE", `/v1/subscriptions/${encodeURIComponent(id)}`);
}

/** Take it again as it was. */
export function renew(id) {
  return call("POST", `/v1/subscriptions/${encodeURIComponent(id)}/renewal`, { body: {} });
}

/** Another last day (a date, or null: by its rules alone). */
export function endOn(id, date) {
  return call("PATCH", `/v1/subscriptions/${encodeURIComponent(id)}`, { body: { ends_on: date } });
}

/** Undo a stop: take it again, until the day that had been chosen. */
export async function takeBack(stopped) {
  const current = await renew(stopped.id);
  return stopped.ends_on && stopped.ends_on !== current.ends_on ? endOn(current.id, stopped.ends_on) : current;
}

/** "Yes, still useful." */
export function keep(id) {
  return call("PATCH", `/v1/subscriptions/${encodeURIComponent(id)}`, { body: { is_still_wanted: true } });
}

/** What it is called: the topic, and what of it. */
export function nameOf(subscription) {
  return subscription.subject_name ? t("subscription_name", { topic: subscription.topic_name, subject: subscription.subject_name }) : subscription.topic_name;
}

/** How it will end, in one sentence: "Ends on 5 Nov 2026, or when the bill is paid or void." */
export function endLine({ ends_on: day, ends }) {
  const parts = day ? [t("ends_on", { date: dateText(day) }), ...ends] : ends;
  return t("ends_line", { how: parts.join(t("or_joint")) });
}

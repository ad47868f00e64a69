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

/** Take a topic, about `subject` where it is about something, until `endsOn` (a date) where one was chosen. */
export function subscribe(topic, { subject, endsOn } = {}) {
  const body = { topic };
  if (subject) body.subject = subject;
  if (endsOn) body.ends_on = endsOn;
  return call("POST", "/v1/subscriptions", { body });
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

/** "Ends on 5 Nov 2026, or when the bill is paid." */
export function endLine(subscription) {
  return t("ends_line", { how: endText(subscription) });
}

/** How it will end, without saying that it ends. */
export function endText(subscription) {
  const rules = subscription.ends.join(t("or_joint"));
  if (!subscription.ends_on) return rules;
  const date = t("ends_on", { date: dateText(subscription.ends_on) });
  return rules ? `${date}${t("or_joint")}${rules}` : date;
}

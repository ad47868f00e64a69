// What stands around rides: points for not coming (with appeal), what is left of the quota, and every fleet's rules.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { dateText, number } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink, empty, facts, field, heading, mark, notice } from "../parts.js";
import { whenElement, whenText } from "../ride_times.js";
import { forgetTyped, keeping } from "../typed.js";

const APPEAL_TONES = { open: "info", granted: "good", refused: "warn" };

export async function noShows({ signal }) {
  const book = await call("GET", "/v1/rider/no-shows", { signal });
  const title = t("no_shows_title");
  return {
    title,
    content: [heading(title, { back: "/app/rides", backText: t("rides_title") }),
      el("section", { class: "card" }, el("p", { class: "figure" }, t("no_shows_points", { n: book.points })), book.words && el("p", {}, book.words),
        book.suspended_until && el("p", {}, mark("bad", t("no_shows_suspended", { when: whenText(book.suspended_until) }), "overdue")), el("p", { class: "hint" }, t("no_shows_fair")), el("p", { class: "hint" }, book.source)),
      book.items.length === 0 ? empty("check", t("no_shows_none")) : el("ul", { class: "list", role: "list" }, book.items.map(noShowCard))],
  };
}

function noShowCard(item) {
  return el("li", { class: "card" }, el("h2", {}, item.kind_words), el("p", { class: "capital" }, whenElement(item.at)), el("p", {}, item.why_words), el("p", {}, t("no_shows_points", { n: item.points }), item.counts === false && [" · ", t("no_shows_not_counting")]),
    el("p", {}, el("a", { class: "link", href: `/app/rides/${item.ride_id}` }, t("no_shows_ride"))),
    item.appeal && notice(APPEAL_TONES[item.appeal.status] || "info", item.appeal.words, item.appeal.decision && el("p", {}, item.appeal.decision)),
    item.may_appeal && el("p", { class: "hint" }, t("appeal_until", { when: whenText(item.appeal_until) })),
    item.may_appeal && mayNow("rides:book") && appealPart(item));
}

function appealPart(item) {
  const problem = el("div");
  const kept = `appeal.${item.id}`;
  const reason = keeping(field(t("appeal_reason"), { maxlength: "500", hint: t("appeal_hint"), tag: "textarea", rows: "3" }), kept);
  const send = button(t("appeal_send"), null, { kind: "primary wide", type: "submit" });
  const form = el("form", { class: "form", novalidate: true, on: { submit: (event) => {
    event.preventDefault();
    reason.setError(reason.input.value.trim() ? "" : t("appeal_missing"));
    if (!reason.input.value.trim()) { reason.input.focus(); return; }
    busy(send, problem, async () => {
      await call("POST", `/v1/rider/no-shows/${encodeURIComponent(item.id)}/appeal`, { body: { reason: reason.input.value.trim() } });
      forgetTyped(kept);
      fill(form, notice("good", t("appeal_sent"), el("p", {}, t("appeal_sent_detail"))));
      announce(t("appeal_sent"));
    });
  } } }, reason.block, problem, send);
  return el("details", { open: Boolean(reason.input.value) }, el("summary", {}, t("appeal_title")), form);
}

export async function rideQuota({ signal }) {
  const { items } = await call("GET", "/v1/rider/quota", { signal });
  const title = t("quota_title");
  return {
    title,
    content: [heading(title, { back: "/app/rides", backText: t("rides_title") }), items.length === 0 && empty("coins", t("quota_none")),
      items.map((item) => el("section", { class: "card" }, el("h2", {}, item.name), el("p", { class: "figure" }, t("quota_left", { n: number(item.left) })),
        el("progress", { class: "ask-progress", max: String(item.total || 1), value: String(item.left), "aria-hidden": "true" }),
        facts([[t("quota_used"), number(item.used)], item.kept > 0 && [t("quota_kept"), number(item.kept)], [t("quota_total"), number(item.total)], item.until && [t("quota_until"), dateText(item.until)]]),
        item.words && el("p", {}, item.words), item.source && el("p", { class: "hint" }, item.source)))],
  };
}

export async function rideFleets({ signal }) {
  const { items } = await call("GET", "/v1/ride-fleets", { signal });
  const title = t("fleets_title");
  return {
    title,
    content: [heading(title, { back: "/app/rides", backText: t("rides_title") }), el("p", {}, t("fleets_detail")),
      items.map((fleet) => el("section", { class: "card" }, el("h2", {}, fleet.name), el("p", { class: "hint" }, fleet.kind_name),
        el("dl", { class: "stacked" }, [["fleets_hours", fleet.hours_words], ["fleets_area", fleet.area_words], ["fleets_booking", fleet.booking_words], ["fleets_chairs", fleet.chair_words], ["fleets_cancel", fleet.cancellation_words]]
          .filter(([, words]) => words).map(([key, words]) => el("div", {}, el("dt", {}, t(key)), el("dd", {}, words)))),
        fleet.pooled_obligatory && el("p", {}, t("fleets_pooled")), fleet.source && el("p", { class: "hint" }, t("fleets_source", { source: fleet.source }), fleet.is_confirmed === false && [" · ", t("fleets_unconfirmed")]),
        fleet.phone && buttonLink(t("fleets_ring", { phone: fleet.phone }), `tel:${fleet.phone.replace(/[^0-9+]/g, "")}`, { kind: "wide", iconName: "phone" })))],
  };
}

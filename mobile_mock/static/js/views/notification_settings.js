// How the city may ring me: how often a day, when not, what comes together in the evening, and on which device.
import { call, Refusal } from "../api.js";
import { announce, el } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../language.js";
import { notifyTabs } from "../notify_tabs.js";
import { field, heading } from "../parts.js";
import { show } from "../router.js";
import { bigSwitch } from "../switch.js";
import { zoneName, zonesFor } from "../time_zones.js";
import { capPart } from "./daily_cap.js";
import { deskPhonePart } from "./desk_phone.js";

const ADDRESS = "/v1/notification-preferences";
const NIGHT = { quiet_from: "22:00", quiet_until: "07:00" };

export async function notificationSettings({ signal }) {
  const settings = await readSettings(signal);
  const title = t("notifications_title");
  return {
    title,
    content: [heading(title), notifyTabs("/app/notifications"),
      capPart(settings, signal), quietPart(settings), digestPart(settings), expiryPart(settings), zonePart(settings),
      el("ul", { class: "list", role: "list" }, deviceRow(), el("li", { class: "row" }, el("a", { class: "row-link", href: "/app/notifications/about-me" }, icon("pin", "large-icon"),
        el("span", { class: "row-words" }, el("span", { class: "row-title" }, t("about_me_title")), el("span", { class: "hint" }, t("about_me_hint"))), icon("forward")))),
      el("section", { class: "card always" }, el("h2", {}, icon("siren"), " ", t("always_title")), el("p", {}, t("always_detail"))),
      deskPhonePart(signal)],
  };
}

function deviceRow() {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: "/app/me/this-device" }, icon("phone", "large-icon"),
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, t("device_title")), el("span", { class: "hint" }, t("device_hint"))), icon("forward")));
}

function row(href, iconName, titleKey, hintKey) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href }, icon(iconName, "large-icon"),
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, t(titleKey)), el("span", { class: "hint" }, t(hintKey))), icon("forward")));
}

/**
 * What stands, and `save(changes)`: one change after the other, each from what the one before left. Where somebody changed
 * it elsewhere meanwhile, the screen is drawn anew from that.
 */
async function readSettings(signal) {
  let version = "";
  const keep = (text) => { version = text; };
  const settings = { current: await call("GET", ADDRESS, { signal, onVersion: keep }) };
  const send = async (changes) => {
    try {
      settings.current = await call("PATCH", ADDRESS, { body: changes, version, onVersion: keep });
      announce(t("saved"));
    } catch (failure) {
      if (failure instanceof Refusal && failure.status === 412) await show();
      throw failure;
    }
  };
  let before = Promise.resolve();
  settings.save = (changes) => {
    const mine = before.then(() => send(changes));
    before = mine.catch(() => {});
    return mine;
  };
  return settings;
}

function quietPart(settings) {
  const isOn = () => settings.current.quiet_from !== settings.current.quiet_until;
  const from = timeField(settings, "quiet_from", t("quiet_from"));
  const until = timeField(settings, "quiet_until", t("quiet_until"));
  const times = el("div", { class: "times", hidden: !isOn() }, from.block, until.block);
  const control = bigSwitch(t("quiet_switch"), isOn(), async (wanted) => {
    const changes = wanted ? NIGHT : { quiet_until: settings.current.quiet_from };
    await settings.save(changes);
    from.input.value = settings.current.quiet_from;
    until.input.value = settings.current.quiet_until;
    times.hidden = !wanted;
  }, { hint: t("quiet_hint") });
  return el("section", { class: "card" }, el("h2", {}, icon("moon"), " ", t("quiet_title")), control.block, times);
}

function digestPart(settings) {
  const at = timeField(settings, "digest_at", t("digest_at"));
  const times = el("div", { class: "times", hidden: !settings.current.takes_digest }, at.block);
  const control = bigSwitch(t("digest_switch"), settings.current.takes_digest, async (wanted) => {
    await settings.save({ takes_digest: wanted });
    times.hidden = !wanted;
  }, { hint: t("digest_hint") });
  return el("section", { class: "card" }, el("h2", {}, icon("digest"), " ", t("digest_title")), control.block, times);
}

function expiryPart(settings) {
  const control = bigSwitch(t("expiry_switch"), settings.current.warns_of_expiry, (wanted) => settings.save({ warns_of_expiry: wanted }), { hint: t("expiry_hint") });
  return el("section", { class: "card" }, el("h2", {}, icon("gift"), " ", t("expiry_title")), control.block);
}

/** A time of day that is kept as soon as it is complete. */
function timeField(settings, name, label) {
  const place = field(label, { type: "time", name, value: settings.current[name], class: "input time" });
  place.input.addEventListener("change", async () => {
    if (!place.input.value) return place.setError(t("time_missing"));
    try {
      await settings.save({ [name]: place.input.value });
      return place.setError("");
    } catch (failure) {
      return place.setError(failure.detail || t("not_saved"));
    }
  });
  return place;
}

function zonePart(settings) {
  const error = el("p", { class: "field-error", role: "alert", hidden: true });
  const choice = el("select", { class: "input", id: "zone", on: { change: async () => {
    try {
      await settings.save({ timezone: choice.value });
      error.hidden = true;
    } catch (failure) {
      choice.value = settings.current.timezone;
      error.textContent = failure.detail || t("not_saved");
      error.hidden = false;
    }
  } } }, zonesFor(settings.current.timezone).map((zone) => el("option", { value: zone, selected: zone === settings.current.timezone }, zoneName(zone))));
  return el("section", { class: "card field" }, el("label", { for: "zone" }, t("zone_title")), el("p", { class: "hint" }, t("zone_hint")), choice, error);
}

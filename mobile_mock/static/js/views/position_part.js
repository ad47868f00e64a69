// About where this device is: only when its owner says so, coarsely, only the last place, and forgotten with one press.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { momentText } from "../format.js";
import { icon } from "../icons.js";
import { phrase, t } from "../language.js";
import { busy, button } from "../parts.js";
import { state } from "../state.js";
import { bigSwitch } from "../switch.js";
import { whereabouts } from "../whereabouts.js";

/** `devices`: the person's, as the API lists them; `hereId`: which of them this one is, or null. */
export function positionPart(devices, hereId) {
  const here = devices.find(({ id }) => id === hereId);
  const others = devices.filter((device) => device !== here && device.position);
  return el("section", { class: "card" }, el("h2", {}, icon("phone"), " ", t("position_title")), el("p", { class: "lead" }, t("position_detail")),
    here ? ownPosition(here) : el("p", {}, el("a", { class: "link", href: "/app/me/this-device" }, t("position_needs_device"))),
    others.map(otherPosition));
}

function ownPosition(device) {
  const address = addressOf(device);
  const problem = el("div");
  const kept = el("div");
  const locate = async () => {
    draw(await call("PUT", address, { body: await whereabouts("position_denied_detail") }));
    announce(t("saved"));
  };
  const again = button(t("position_again"), () => busy(again, problem, locate), { kind: "small quiet", iconName: "pin" });
  const draw = (position) => fill(kept, position && [el("p", { class: "hint" }, keptText(position)), problem, again]);
  const control = bigSwitch(t("position_switch"), Boolean(device.position), async (wanted) => {
    if (wanted) return locate();
    await call("DELETE", address);
    draw(null);
    return announce(t("position_forgotten"));
  });
  draw(device.position);
  return el("div", {}, control.block, kept);
}

/** Where another device of theirs was: shown, and forgotten from here. */
function otherPosition(device) {
  const problem = el("div");
  const block = el("div", { class: "setting" });
  const forget = button(t("position_forget"), () => busy(forget, problem, async () => {
    await call("DELETE", addressOf(device));
    fill(block, t("position_forgotten"));
    announce(t("position_forgotten"));
  }), { kind: "small quiet" });
  return fill(block, el("span", {}, device.name || t("position_other_device"), el("span", { class: "hint" }, keptText(device.position)), problem), forget);
}

function addressOf(device) {
  return `/v1/devices/${encodeURIComponent(device.id)}/position`;
}

function keptText(position) {
  const district = state.config.districts.find(({ code }) => code === position.district);
  return t("position_kept", { district: district ? phrase(district.name) : t("position_outside"), when: momentText(position.at) });
}

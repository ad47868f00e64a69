// Notices on this device: what they are, on or off, and what to do where the browser does not let us.
import { NoPushService, NotAllowed, deviceStanding, mendDevice, turnOff, turnOn } from "../device.js";
import { announce, el, fill, focusOn } from "../dom.js";
import { t } from "../language.js";
import { busy, button, heading, notice } from "../parts.js";

export async function thisDevice() {
  const title = t("device_title");
  const card = el("section", { class: "card device", "aria-live": "polite" });
  await draw(card);
  if (card.dataset.standing === "lost") mendDevice().then(() => draw(card)).catch(() => {});
  return {
    title,
    content: [heading(title, { back: "/app/me", backText: t("me_title") }), el("p", {}, t("device_lead")),
      el("ul", { class: "reasons" }, el("li", {}, t("device_lock_screen")), el("li", {}, t("device_cap")), el("li", {}, t("device_any_time"))), card],
  };
}

async function draw(card) {
  const standing = await deviceStanding();
  card.dataset.standing = standing;
  fill(card, DRAWN[standing](card));
}

const DRAWN = {
  unsupported: () => notice("info", t("device_unsupported"), el("p", {}, t("device_unsupported_detail"))),
  not_installed: () => notice("info", t("device_not_installed"), steps("device_install_1", "device_install_2", "device_install_3")),
  blocked: (card) => [notice("warn", t("device_blocked"), steps("device_unblock_1", "device_unblock_2", "device_unblock_3")),
    change(card, "device_look_again", async () => {}, { kind: "quiet wide" })],
  off: (card) => [el("p", { class: "hint" }, t("device_off_detail")), change(card, "device_turn_on", turnOn, { kind: "primary wide", iconName: "bell" })],
  on: (card) => [notice("good", t("device_on"), el("p", {}, t("device_on_detail"))), change(card, "device_turn_off", turnOff, { kind: "quiet wide" })],
  lost: (card) => [notice("warn", t("device_lost"), el("p", {}, t("device_lost_detail"))), change(card, "device_turn_on_again", turnOn, { kind: "primary wide", iconName: "bell" }),
    change(card, "device_leave_off", turnOff, { kind: "quiet wide" })],
};

function steps(...keys) {
  return el("ol", {}, keys.map((key) => el("li", {}, t(key))));
}

/** A button that changes how things stand; afterwards the card shows it and a screen reader says it. */
function change(card, key, work, look) {
  const problem = el("div");
  const pressed = button(t(key), () => busy(pressed, problem, async () => {
    try {
      await work();
    } catch (failure) {
      if (!(failure instanceof NoPushService || failure instanceof NotAllowed)) throw failure;
      // Whoever closed the browser's question may be asked again; whoever said no has to change it in the browser.
      const isBlocked = (await deviceStanding()) === "blocked";
      if (isBlocked) await draw(card);
      else fill(problem, said(failure));
      return;
    }
    await draw(card);
    announce(t(`device_${card.dataset.standing}`));
    focusOn(card.querySelector("button"));
  }), look);
  return el("div", {}, problem, pressed);
}

function said(failure) {
  const key = failure instanceof NotAllowed ? "device_not_answered" : "device_no_service";
  announce(t(key), { urgent: true });
  return notice("warn", t(key), el("p", {}, t(`${key}_detail`)));
}

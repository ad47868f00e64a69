// "Send notices to this phone": on or off.
import { registerDevice, forgetDevice, takesPush } from "../device.js";
import { announce, el } from "../dom.js";
import { t } from "../language.js";
import { busy } from "../parts.js";

/** The switch, as it stands on this phone. */
export function pushSwitch() {
  const problem = el("div");
  const change = () => busy(box, problem, async () => {
    const wanted = box.checked;
    box.checked = !wanted;
    await (wanted ? registerDevice() : forgetDevice());
    box.checked = wanted;
    announce(t(wanted ? "push_on" : "push_off"));
  });
  const box = el("input", { type: "checkbox", class: "check", checked: takesPush(), on: { change } });
  return el("div", {}, el("label", { class: "setting" }, el("span", {}, t("push"), el("span", { class: "hint" }, t("push_hint"))), box), problem);
}

// Apple Pay and Google Pay. A real phone shows its own sheet and hands over a sealed token; the demo city has no merchant
// account with either, so here a sheet of our own, marked as one, hands over a token that only the sandbox takes.
import { Declined } from "./api.js";
import { el } from "./dom.js";
import { moneyText } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./language.js";
import { button, freshId, notice } from "./parts.js";
import { railName } from "./rails.js";
import { state } from "./state.js";

/** Whether this device has such a wallet that the city can ask. */
export function hasDeviceWallet() {
  return state.config.demo;
}

/** Show the sheet. Answers the token, to be used once and kept nowhere; raises Declined when it is closed. */
export function askDeviceWallet(rail, amount) {
  const id = freshId("sheet");
  const token = JSON.stringify({ network: "visa", last4: "1111", holderName: "DEMO WALLET" });
  return new Promise((resolve, reject) => {
    const dialog = el("dialog", { class: "dialog sheet", "aria-labelledby": id, on: {
      close: () => { dialog.remove(); if (dialog.returnValue === "agreed") resolve(token); else reject(new Declined()); },
    } },
    el("h2", { id }, railName(rail)), notice("info", t("sheet_simulated"), el("p", {}, t("sheet_simulated_detail"))),
    el("p", { class: "sheet-card" }, icon("card"), " VISA ", el("span", { class: "mono" }, "***1111")),
    el("p", { class: "figure" }, moneyText(amount)),
    el("div", { class: "actions column" },
      button(t("sheet_agree", { name: railName(rail) }), () => dialog.close("agreed"), { kind: "primary wide" }),
      button(t("cancel"), () => dialog.close("no"), { kind: "quiet wide" })));
    document.body.append(dialog);
    dialog.showModal();
  });
}

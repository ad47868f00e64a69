// "I did not want this": said once, counted for the bureau that sent it; who says it is not told to anybody.
import { call } from "../api.js";
import { announce, el, fill } from "../dom.js";
import { t } from "../language.js";
import { busy, button, confirmed, mark } from "../parts.js";

export function complaintPart(item, address) {
  const problem = el("div");
  const place = el("div", {});
  const report = button(t("complain"), async () => {
    if (!(await confirmed(t("complain_ask"), t("complain_detail"), t("complain_yes")))) return;
    await busy(report, problem, async () => {
      await call("POST", `${address}/complaint`, { body: {} });
      announce(t("complained"));
      fill(place, mark("good", t("complained"), "check"));
    });
  }, { kind: "quiet" });
  return fill(place, problem, report);
}

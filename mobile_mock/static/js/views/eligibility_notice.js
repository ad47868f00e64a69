// Who may not book yet is told why, with the next step as a button.
import { mayNow } from "../acting.js";
import { call } from "../api.js";
import { announce, el } from "../dom.js";
import { t } from "../language.js";
import { busy, button, buttonLink, notice } from "../parts.js";
import { show } from "../router.js";

/** Nothing where somebody may book, or where it is not known. */
export function eligibilityNotice(eligibility) {
  if (!eligibility || eligibility.is_eligible) return null;
  const problem = el("div");
  const check = button(t("eligibility_check"), () => busy(check, problem, async () => {
    const now = await call("POST", "/v1/rider/eligibility/check", { body: {} });
    await show();
    announce(now.in_words);
  }), { kind: "primary", iconName: "shield" });
  const isFirst = eligibility.reason === "not_asked" && mayNow("rides:book");
  return notice("warn", t("rides_not_eligible"), el("p", {}, eligibility.in_words), problem, isFirst ? check : buttonLink(t("eligibility_see"), "/app/rides/profile", { kind: "small" }));
}

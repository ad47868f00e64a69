// The field for a recovery code, as people copy it from paper.
import { normalise } from "./citizen_number.js";
import { t } from "./language.js";
import { field } from "./parts.js";

/** A field whose `check()` says whether it can be a recovery code, and whose `value()` is as the API wants it. */
export function recoveryCodeField() {
  const entry = field(t("recovery_code"), { hint: t("recovery_code_hint"), name: "recovery-code", class: "input code", autocomplete: "off",
    autocapitalize: "characters", spellcheck: "false", maxlength: "16", required: true });
  const value = () => normalise(entry.input.value).toUpperCase();
  const check = () => {
    const isRight = /^[0-9A-Z]{10}$/.test(value().replace(/[\s-]/g, ""));
    entry.setError(isRight ? "" : t("recovery_code_wrong"));
    return isRight;
  };
  return { ...entry, check, value };
}

// What a ride must do for somebody, in words: sizes and functions, never an illness.
import { has, t } from "./language.js";

/** `item` has {chair, functions, companions, is_shared}; answers words. */
export function needWords(item) {
  return [
    item.chair?.width_cm && t("need_chair", { width: item.chair.width_cm, length: item.chair.length_cm }),
    ...(item.functions || []).filter((each) => has(`need_${each}`) && !(item.chair?.width_cm && each === "W")).map((each) => t(`need_${each}`)),
    item.companions > 0 && t("need_companions", { n: item.companions }), item.is_shared === false && t("need_alone"),
  ].filter(Boolean);
}

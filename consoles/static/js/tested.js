// On how many devices of one's own a test rings.
import { t } from "./language.js";

/** "2 devices"; of none, that it lies in the inbox alone. */
export function testedOn(count) {
  return count > 1 ? t("tested_on", { n: count }) : t(`tested_on_${count}`);
}

// A rider's chair and needs in words, and the chairs as plain drawings.
import { svg } from "./dom.js";
import { t } from "./language.js";

export const CHAIRS = ["none", "manual", "electric", "scooter"];
export const NEEDS = ["door_to_door", "through_the_door", "never_alone", "step_help", "oxygen"];

// On a 48 × 48 grid, in lines: a person walking with a stick, a chair pushed, one with a motor and a lever, a scooter.
const DRAWINGS = {
  none: ["M22 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M22 14v14l-6 14", "M22 28l7 14", "M22 17l8 8", "M33 24v18"],
  manual: ["M17 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M17 13v13h12l5 13h5", "M17 18h9", "M19 42a9.5 9.5 0 1 0 0-19 9.5 9.5 0 0 0 0 19z", "M9 15h4"],
  electric: ["M17 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M17 13v13h12l4 9h6", "M17 18h9", "M27 18v-3", "M10 30h19v6H10z", "M13 44a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M27 44a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M21 29l-2 4h4l-2 4"],
  scooter: ["M16 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M16 13v12h9l3 11", "M17 17l13 2", "M36 37l-5-20h-4", "M8 28h14v8h16", "M12 44a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M37 44a4 4 0 1 0 0-8 4 4 0 0 0 0 8z"],
};

/** The drawing of a kind of chair; words stand beside it. */
export function chairPicture(kind) {
  return svg("svg", { viewBox: "0 0 48 48", class: "chair-picture", "aria-hidden": "true", focusable: "false" }, DRAWINGS[kind].map((path) => svg("path", { d: path })));
}

/** "electric wheelchair, 65 × 110 cm": a rider's chair. */
export function chairWords(chair) {
  const words = t(`chair_${chair?.kind || "none"}`);
  return chair?.width_cm && chair?.length_cm ? t("chair_and_size", { chair: words, width: chair.width_cm, length: chair.length_cm }) : words;
}

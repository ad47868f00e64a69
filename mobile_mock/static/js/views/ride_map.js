// Where the vehicle is, on the plain map of the districts: only during the ride. The same stands in words below.
import { el, fill, svg } from "../dom.js";
import { t } from "../language.js";
import { cityGround, cityNames, onMap } from "../pin_map.js";
import { minutesUntil, timeText } from "../ride_times.js";

const KM_PER_UNIT = 0.111;
const LEAST_WIDTH = 14;
const MARGIN = 1.7;
const NEAR_KM = 0.2;

/** {show(ride)}: the map and its words; drawn again in place each time. */
export function liveMap() {
  const names = svg("g", { class: "map-numbers" });
  const marks = svg("g", {});
  const picture = svg("svg", { class: "district-map live-map", role: "img" }, cityGround(), names, marks);
  const words = el("p", { class: "live-words" });
  const block = el("div", {}, picture, words);
  return { show: (ride) => {
    const goal = ride.status === "aboard" ? ride.to : ride.from;
    const car = onMap(ride.position);
    const door = onMap(goal);
    const width = Math.max(LEAST_WIDTH, Math.hypot(car.x - door.x, car.y - door.y) * MARGIN);
    const size = width / 26;
    picture.setAttribute("viewBox", `${(car.x + door.x) / 2 - width / 2} ${(car.y + door.y) / 2 - width / 2} ${width} ${width}`);
    fill(names, cityNames(width));
    fill(marks, svg("line", { class: "live-line", x1: car.x, y1: car.y, x2: door.x, y2: door.y }),
      svg("rect", { class: "live-door", x: door.x - size * 0.7, y: door.y - size * 0.7, width: size * 1.4, height: size * 1.4, rx: size / 4 }),
      svg("circle", { class: "live-car", cx: car.x, cy: car.y, r: size }),
      svg("text", { class: "live-letter", x: car.x, y: car.y + size * 0.35, "font-size": size }, t("live_car_letter")));
    const kilometres = (Math.hypot(car.x - door.x, car.y - door.y) * KM_PER_UNIT).toFixed(1);
    const eta = ride.status !== "at_door" && (ride.eta_at || ride.position.eta);
    fill(words, t(ride.status === "aboard" ? "live_aboard" : Number(kilometres) < NEAR_KM ? "live_beside" : "live_coming", { km: kilometres }), eta && minutesUntil(eta) >= 0 ? ` ${t("live_eta", { time: timeText(eta), n: Math.max(1, minutesUntil(eta)) })}` : "");
    picture.setAttribute("aria-label", words.textContent);
    return block;
  } };
}

// Where this device is, coarsely: the browser asks the person.
import { Refusal } from "./api.js";
import { t } from "./language.js";

const PATIENCE_MS = 20_000;

/** {latitude, longitude} to about a hundred metres: more does not leave the device. `otherwise`: the text's key for who does not say it. */
export function whereabouts(otherwise) {
  return new Promise((resolve, refuse) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ latitude: coarse(coords.latitude), longitude: coarse(coords.longitude) }),
      () => refuse(new Refusal(0, { title: t("position_denied"), detail: t(otherwise) })),
      { timeout: PATIENCE_MS, maximumAge: PATIENCE_MS },
    );
  });
}

function coarse(degrees) {
  return Math.round(degrees * 1000) / 1000;
}

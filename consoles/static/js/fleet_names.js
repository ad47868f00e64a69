// What people call the fleets that are asked for rides.
import { call } from "./api.js";

/** {code: name} in the officer's language. */
export async function fleetNames(signal) {
  const fleets = await call("GET", "/v1/desk/ride-fleets", { signal });
  return Object.fromEntries(fleets.items.map(({ fleet, name }) => [fleet, name]));
}

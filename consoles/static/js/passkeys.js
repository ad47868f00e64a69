// Passkeys of officers: making one with an enrolment code, and signing in. The browser itself reads and writes the JSON.
import { call } from "./api.js";

/** The device did not confirm that it is the person: cancelled, not recognised, timed out, or no passkey here. */
export class NotConfirmed extends Error {}

export function passkeysWork() {
  return Boolean(window.isSecureContext && window.PublicKeyCredential?.parseCreationOptionsFromJSON);
}

/** Make a passkey on this device for the officer to whom `code` was given. Answers the officer, signed in. */
export async function enrol(code) {
  const begun = await call("POST", "/v1/auth/officers/enrolment/options", { body: { code }, quiet: true });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.options);
  const credential = await confirmed(() => navigator.credentials.create({ publicKey }));
  return finish("/v1/auth/officers/enrolment/verify", begun, credential);
}

/** Sign in with a passkey of this device. Answers the officer. */
export async function signIn() {
  const begun = await call("POST", "/v1/auth/officers/login/options", { body: {}, quiet: true });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
  const credential = await confirmed(() => navigator.credentials.get({ publicKey }));
  return finish("/v1/auth/officers/login/verify", begun, credential);
}

async function confirmed(ceremony) {
  try {
    const credential = await ceremony();
    if (credential) return credential;
  } catch (failure) {
    throw new NotConfirmed(failure.name);
  }
  throw new NotConfirmed();
}

function finish(path, { ceremony_id }, credential) {
  return call("POST", path, { body: { ceremony_id, credential: credential.toJSON(), transport: "cookie" }, quiet: true });
}

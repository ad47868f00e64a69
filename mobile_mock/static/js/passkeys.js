// Passkeys: making one, signing in with one, and signing a payment with one. User verification is always demanded.
import { call } from "./api.js";
import { fromBase64url, toBase64url } from "./bytes.js";

/** The device did not confirm that it is the person: cancelled, not recognised, timed out, or no passkey here. */
export class NotConfirmed extends Error {}

/** This phone already holds a passkey of this person. */
export class AlreadyHere extends Error {}

export function passkeysWork() {
  return Boolean(window.isSecureContext && window.PublicKeyCredential && navigator.credentials);
}

/** Whether the browser can offer passkeys inside the sign-in field. */
export async function canOfferQuietly() {
  return passkeysWork() && Boolean(await window.PublicKeyCredential.isConditionalMediationAvailable?.());
}

/** Make a passkey on this phone. Answers the new session. `mayAsk: false`: a step-up that is asked for is a Refusal. */
export async function addPasskey(name, { mayAsk = true } = {}) {
  const { ceremony_id, options } = await call("POST", "/v1/auth/passkeys/registration/options", { body: {}, mayAsk });
  const credential = await ask(() => navigator.credentials.create({ publicKey: creationOptions(options) }));
  return call("POST", "/v1/auth/passkeys/registration/verify", {
    body: { ceremony_id, credential: onTheWire(credential), name }, mayAsk,
  });
}

/** Make a passkey on this phone with the ID number and a code from the counter. Answers the new session. */
export async function enrolWithCode(body, name) {
  const { ceremony_id, options } = await call("POST", "/v1/auth/enrolments/options", { body, quiet: true });
  const credential = await ask(() => navigator.credentials.create({ publicKey: creationOptions(options) }));
  return call("POST", "/v1/auth/enrolments/verify", {
    body: { ceremony_id, credential: onTheWire(credential), name, transport: "cookie" }, quiet: true,
  });
}

/** Sign in with a passkey of this phone. `mediation: "conditional"` waits quietly behind the sign-in field. */
export async function signInWithPasskey({ signal, mediation, ...wants } = {}) {
  const { ceremony_id, options } = await call("POST", "/v1/auth/passkeys/login/options", { body: {}, signal, quiet: true });
  const credential = await ask(() => navigator.credentials.get({ publicKey: requestOptions(options), signal, mediation }));
  return call("POST", "/v1/auth/passkeys/login/verify", {
    body: { ceremony_id, credential: onTheWire(credential), transport: "cookie", ...wants }, quiet: true,
  });
}

/** Sign `challenge` (bytes we computed ourselves) with one of the passkeys in `options`. Answers the assertion as JSON. */
export async function signChallenge(options, challenge) {
  const publicKey = { ...requestOptions(options), challenge };
  return onTheWire(await ask(() => navigator.credentials.get({ publicKey })));
}

async function ask(ceremony) {
  try {
    const credential = await ceremony();
    if (!credential) throw new NotConfirmed();
    return credential;
  } catch (failure) {
    if (failure.name === "AbortError" || failure instanceof NotConfirmed) throw failure;
    if (failure.name === "InvalidStateError") throw new AlreadyHere();
    throw new NotConfirmed(failure.name);
  }
}

function creationOptions(options) {
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    user: { ...options.user, id: fromBase64url(options.user.id) },
    excludeCredentials: (options.excludeCredentials || []).map(descriptor),
    authenticatorSelection: { ...options.authenticatorSelection, userVerification: "required" },
  };
}

function requestOptions(options) {
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    allowCredentials: (options.allowCredentials || []).map(descriptor),
    userVerification: "required",
  };
}

function descriptor(item) {
  return { ...item, id: fromBase64url(item.id) };
}

function onTheWire(credential) {
  const { response } = credential;
  const written = { clientDataJSON: toBase64url(response.clientDataJSON) };
  if (response.attestationObject) {
    written.attestationObject = toBase64url(response.attestationObject);
    written.transports = response.getTransports?.() || [];
  } else {
    written.authenticatorData = toBase64url(response.authenticatorData);
    written.signature = toBase64url(response.signature);
    if (response.userHandle) written.userHandle = toBase64url(response.userHandle);
  }
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment || undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: written,
  };
}

// A site of a bureau, played by openid-client, which knows nothing of us but our discovery document.
import { createPrivateKey } from "node:crypto";
import * as c from "openid-client";

/** What `openid-client` knows of a site; `registered` is {client_id, method, secret | private_jwk, alg}. */
export async function discovered(issuer, registered, { skewSeconds = 0 } = {}) {
  const metadata = { id_token_signed_response_alg: registered.alg, [c.clockSkew]: skewSeconds };
  return c.discovery(new URL(issuer), registered.client_id, metadata, await proofOf(registered), {
    execute: [c.allowInsecureRequests, c.enableNonRepudiationChecks],
  });
}

async function proofOf({ method, secret, private_jwk: jwk }) {
  if (method === "client_secret_basic") return c.ClientSecretBasic(secret);
  if (method === "client_secret_post") return c.ClientSecretPost(secret);
  const pkcs8 = createPrivateKey({ key: jwk, format: "jwk" }).export({ type: "pkcs8", format: "der" });
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  return c.PrivateKeyJwt({ key, kid: jwk.kid });
}

/** The parameters of a request; `undefined` in `more` leaves one out. */
export async function request(redirectUri, more = {}) {
  const verifier = c.randomPKCECodeVerifier();
  const all = {
    redirect_uri: redirectUri,
    scope: "openid",
    state: c.randomState(),
    nonce: c.randomNonce(),
    code_challenge: await c.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  };
  const parameters = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { parameters, verifier };
}

/** The tokens for the code in `back`, with every check that openid-client makes. */
export function redeem(config, back, { parameters, verifier }, more = {}) {
  return c.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier,
    expectedState: parameters.state,
    expectedNonce: parameters.nonce,
    idTokenExpected: true,
    ...more,
  });
}

// The modules of the OpenID Foundation's Basic OP plan, by their names, as assertions about our provider.
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import * as c from "openid-client";
import { decodeProtectedHeader } from "jose";
import { redeem, request } from "./relying_party.mjs";

const PASSES = (more) => async (bench) => {
  const { tokens } = await bench.signIn(more);
  assert.ok(tokens.access_token && tokens.claims().sub);
};

async function told(bench, scope, more = {}) {
  const { config, tokens } = await bench.signIn({ scope, ...more });
  return c.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
}

async function isRefused(promise, error) {
  await assert.rejects(promise, (failure) => {
    assert.equal(failure.error, error, failure.stack);
    return true;
  });
}

async function userinfo(bench, accessToken, { method = "GET", header = true, inBody = false } = {}) {
  const answer = await fetch(`${bench.issuer}/oauth/userinfo`, {
    method,
    headers: header ? { Authorization: `Bearer ${accessToken}` } : {},
    body: inBody ? new URLSearchParams({ access_token: accessToken }) : undefined,
  });
  return { status: answer.status, body: await answer.json() };
}

function userinfoBy(how) {
  return async (bench) => {
    const { tokens } = await bench.signIn();
    const { status, body } = await userinfo(bench, tokens.access_token, how);
    assert.deepEqual([status, body.sub], [200, tokens.claims().sub]);
    assert.equal((await userinfo(bench, tokens.id_token, how)).status, 401, "an ID token is no access token");
  };
}

/** A request that is answered to the site with an error. */
async function errorFor(bench, more, options) {
  const { back, asked } = await bench.ask(more, options);
  assert.equal(back.searchParams.get("state"), asked.parameters.state);
  assert.equal(back.searchParams.get("iss"), bench.issuer);
  assert.equal(back.searchParams.get("code"), null);
  return back.searchParams.get("error");
}

/** What is not supported is said so, as Core §6 prescribes; the request is not answered as if it had not been there. */
function refusedWith(error, more) {
  return async (bench) => assert.equal(await errorFor(bench, more), error);
}

function unsignedRequest(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.`;
}

export const BASIC = {
  "oidcc-server": async (bench) => {
    const { tokens, back } = await bench.signIn();
    const claims = tokens.claims();
    assert.equal(claims.iss, bench.issuer);
    assert.equal(claims.aud, bench.sites.basic.client_id);
    assert.equal(tokens.token_type, "bearer");
    assert.equal(back.searchParams.get("iss"), bench.issuer);
    assert.ok(claims.exp - claims.iat <= 300, "ID tokens live shortly");
  },
  "oidcc-response-type-missing": async (bench) => {
    const asked = await request(bench.redirect_uri);
    const url = c.buildAuthorizationUrl(await bench.site(), asked.parameters);
    url.searchParams.delete("response_type");
    const back = await (await bench.browser()).authorize(url);
    assert.equal(back.searchParams.get("error"), "invalid_request");
  },
  "oidcc-idtoken-signature": async (bench) => {
    for (const [site, alg] of [["basic", "ES256"], ["post", "RS256"]]) {
      const { tokens } = await bench.signIn({}, { config: await bench.site(site) });
      const { alg: signedWith, kid } = decodeProtectedHeader(tokens.id_token);
      assert.equal(signedWith, alg);
      const { keys } = await (await fetch(`${bench.issuer}/oauth/jwks`)).json();
      assert.ok(keys.some((key) => key.kid === kid && key.use === "sig" && !("d" in key)));
    }
  },
  "oidcc-userinfo-get": userinfoBy({}),
  "oidcc-userinfo-post-header": userinfoBy({ method: "POST" }),
  "oidcc-userinfo-post-body": userinfoBy({ method: "POST", header: false, inBody: true }),
  "oidcc-ensure-request-without-nonce-succeeds-for-code-flow": async (bench) => {
    const { tokens } = await bench.signIn({ nonce: undefined });
    assert.equal(tokens.claims().nonce, undefined);
  },
  "oidcc-scope-profile": async (bench) => {
    const person = await told(bench, "openid profile");
    assert.equal(person.name, bench.person.name);
    assert.equal(person.phone_number, undefined);
  },
  "oidcc-scope-phone": async (bench) => {
    const person = await told(bench, "openid phone");
    assert.deepEqual([person.phone_number, person.phone_number_verified], [bench.person.phone_number, true]);
    assert.equal(person.name, undefined);
  },
  "oidcc-scope-all": async (bench) => {
    const person = await told(bench, "openid profile email address phone");
    assert.deepEqual(Object.keys(person).sort(), ["name", "phone_number", "phone_number_verified", "sub"]);
  },
  "oidcc-alternate-happy-flow": async (bench) => {
    const { tokens } = await bench.signIn({ scope: "phone openid profile" }, { config: await bench.site("post") });
    assert.ok(tokens.claims().sub);
  },
  "oidcc-display-page": PASSES({ display: "page" }),
  "oidcc-display-popup": PASSES({ display: "popup" }),
  "oidcc-prompt-login": async (bench) => {
    const first = await bench.signIn();
    await wait(1100);
    const second = await bench.signIn({ prompt: "login" }, { browser: first.browser });
    assert.equal(second.browser.signIns, 1);
    assert.ok(second.tokens.claims().auth_time > first.tokens.claims().auth_time);
    assert.equal(second.tokens.claims().sub, first.tokens.claims().sub);
  },
  "oidcc-prompt-none-not-logged-in": async (bench) => {
    const browser = await bench.browser({ isSignedIn: false });
    assert.equal(await errorFor(bench, { prompt: "none" }, { browser }), "login_required");
    assert.equal(browser.signIns, 0);
  },
  "oidcc-prompt-none-logged-in": async (bench) => {
    const first = await bench.signIn();
    const second = await bench.signIn({ prompt: "none" }, { browser: first.browser });
    const [before, after] = [first.tokens.claims(), second.tokens.claims()];
    assert.deepEqual([after.sub, after.auth_time], [before.sub, before.auth_time]);
    assert.equal(second.browser.signIns, 0);
  },
  "oidcc-max-age-1": async (bench) => {
    const first = await bench.signIn();
    await wait(2000);
    const second = await bench.signIn({ max_age: "1" }, { browser: first.browser, checks: { maxAge: 1 } });
    assert.equal(second.browser.signIns, 1);
    assert.ok(second.tokens.claims().auth_time > first.tokens.claims().auth_time);
  },
  "oidcc-max-age-10000": async (bench) => {
    const first = await bench.signIn();
    const second = await bench.signIn({ max_age: "10000" }, { browser: first.browser, checks: { maxAge: 10000 } });
    assert.equal(second.browser.signIns, 0);
    assert.equal(second.tokens.claims().auth_time, first.tokens.claims().auth_time);
  },
  "oidcc-ensure-request-with-unknown-parameter-succeeds": PASSES({ extra: "foobar" }),
  "oidcc-id-token-hint": async (bench) => {
    const first = await bench.signIn();
    const hint = { prompt: "none", id_token_hint: first.tokens.id_token };
    const second = await bench.signIn(hint, { browser: first.browser });
    assert.equal(second.tokens.claims().sub, first.tokens.claims().sub);
    const other = await bench.browser({ person: "second" });
    assert.equal(await errorFor(bench, hint, { browser: other }), "login_required");
    const altered = `${first.tokens.id_token.slice(0, -4)}AAAA`;
    assert.equal(await errorFor(bench, { id_token_hint: altered }, { browser: first.browser }), "invalid_request");
  },
  "oidcc-login-hint": PASSES({ login_hint: "somebody@example.org" }),
  "oidcc-ui-locales": async (bench) => {
    const browser = await bench.browser({ isSignedIn: false });
    await bench.signIn({ ui_locales: "se en" }, { browser });
    assert.equal(browser.asked.get("ui_locale"), "en");
  },
  "oidcc-claims-locales": PASSES({ claims_locales: "se" }),
  "oidcc-ensure-request-with-acr-values-succeeds": async (bench) => {
    const same = await bench.signIn({ acr_values: "urn:mykaohsiung:loa:2" });
    assert.deepEqual([same.browser.signIns, same.tokens.claims().acr], [0, "urn:mykaohsiung:loa:2"]);
    const browser = await bench.browser({ again: "hwk user" });
    const risen = await bench.signIn({ acr_values: "urn:mykaohsiung:loa:3" }, { browser });
    assert.deepEqual([risen.browser.signIns, risen.tokens.claims().acr], [1, "urn:mykaohsiung:loa:3"]);
    assert.deepEqual(risen.tokens.claims().amr, ["hwk", "user"]);
    const unknown = await bench.signIn({ acr_values: "1 2" });
    assert.ok(unknown.tokens.claims().acr, "values nobody knows are no reason to refuse");
  },
  "oidcc-codereuse": async (bench) => {
    const first = await bench.signIn();
    await isRefused(redeem(first.config, first.back, first.asked), "invalid_grant");
    assert.equal((await userinfo(bench, first.tokens.access_token)).status, 401, "what was issued is taken back");
  },
  "oidcc-codereuse-30seconds": async (bench) => {
    const first = await bench.signIn();
    const unused = await bench.ask({}, first);
    await bench.drive("clock", { ahead: 31 });
    try {
      await isRefused(redeem(first.config, first.back, first.asked), "invalid_grant");
      assert.equal((await userinfo(bench, first.tokens.access_token)).status, 401);
      await isRefused(redeem(unused.config, unused.back, unused.asked), "invalid_grant");
    } finally {
      await bench.drive("clock", { ahead: 0 });
    }
  },
  "oidcc-ensure-registered-redirect-uri": async (bench) => {
    const refused = bench.ask({}, { uri: `${bench.siteOrigin}/elsewhere` });
    await assert.rejects(refused, ({ status }) => status === 400);
  },
  "oidcc-ensure-post-request-succeeds": async (bench) => {
    const [config, browser] = [await bench.site(), await bench.browser()];
    const asked = await request(bench.redirect_uri, { response_type: "code", client_id: bench.sites.basic.client_id });
    const back = await browser.authorize(`${bench.issuer}/oauth/authorize`, { method: "POST", form: asked.parameters });
    assert.ok((await redeem(config, back, asked)).claims().sub);
  },
  "oidcc-server-client-secret-post": async (bench) => {
    const { tokens } = await bench.signIn({}, { config: await bench.site("post") });
    assert.equal(tokens.claims().aud, bench.sites.post.client_id);
  },
  "oidcc-request-uri-unsigned": refusedWith("request_uri_not_supported", { request_uri: "https://example.org/request.jwt" }),
  "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported":
    refusedWith("request_not_supported", { request: unsignedRequest({ scope: "openid profile" }) }),
  "oidcc-claims-essential": async (bench) => {
    const claims = JSON.stringify({ userinfo: { name: { essential: true } }, id_token: { auth_time: { essential: true } } });
    const { config, tokens } = await bench.signIn({ claims });
    const person = await c.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.equal(person.name, bench.person.name);
    assert.ok(tokens.claims().auth_time);
  },
  "oidcc-ensure-request-object-with-redirect-uri": async (bench) => {
    const request = unsignedRequest({ redirect_uri: "https://evil.example/callback" });
    assert.equal(await errorFor(bench, { request }), "request_not_supported");
  },
  "oidcc-refresh-token": async (bench) => {
    const { config, tokens } = await bench.signIn({ scope: "openid profile offline_access", prompt: "consent" });
    const second = await c.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(second.refresh_token, tokens.refresh_token);
    assert.equal((await userinfo(bench, second.access_token)).body.sub, tokens.claims().sub);
    await isRefused(c.refreshTokenGrant(await bench.site("post"), second.refresh_token), "invalid_grant");
    const third = await c.refreshTokenGrant(config, second.refresh_token);
    await isRefused(c.refreshTokenGrant(config, tokens.refresh_token), "invalid_grant");
    await isRefused(c.refreshTokenGrant(config, third.refresh_token), "invalid_grant");
    assert.equal((await userinfo(bench, third.access_token)).status, 401, "one used twice takes all of them with it");
  },
  "oidcc-ensure-request-with-valid-pkce-succeeds": async (bench) => {
    await bench.signIn();
    const wrong = await bench.ask();
    wrong.asked.verifier = c.randomPKCECodeVerifier();
    await isRefused(redeem(wrong.config, wrong.back, wrong.asked), "invalid_grant");
    assert.equal(await errorFor(bench, { code_challenge: undefined, code_challenge_method: undefined }), "invalid_request");
    assert.equal(await errorFor(bench, { code_challenge_method: "plain" }), "invalid_request");
    assert.equal(await errorFor(bench, { code_challenge_method: undefined }), "invalid_request");
  },

  // Those that do not apply: that what they need is not offered, and that asking for it gets nothing.
  "oidcc-idtoken-unsigned": async (bench) => {
    const { id_token_signing_alg_values_supported: offered } = (await bench.site()).serverMetadata();
    assert.deepEqual(offered.toSorted(), ["ES256", "RS256"]);
  },
  "oidcc-scope-email": async (bench) => assert.deepEqual(Object.keys(await told(bench, "openid email")), ["sub"]),
  "oidcc-scope-address": async (bench) => assert.deepEqual(Object.keys(await told(bench, "openid address")), ["sub"]),
};

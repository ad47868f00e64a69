// Modules of the suite's other plans, and the attacks of one site on another, as assertions about our provider.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import * as c from "openid-client";
import { redeem, request } from "./relying_party.mjs";

const DAY = 86_400;

async function isRefused(promise, error) {
  await assert.rejects(promise, (failure) => {
    assert.equal(failure.error, error, failure.stack);
    return true;
  });
}

async function push(config, asked) {
  return c.buildAuthorizationUrlWithPAR(config, asked.parameters);
}

/** Where the browser is after the sign-out page: {status, location}. `decision` is what the person presses. */
async function signOut(browser, url, decision = "yes") {
  const page = await browser.open(url);
  if (page.status !== 200 || page.headers.get("location")) return { status: page.status, location: page.headers.get("location") };
  const form = Object.fromEntries([...(await page.text()).matchAll(/<input type=hidden name="([^"]+)" value="([^"]*)"/g)]
    .map(([, name, value]) => [name, value.replaceAll("&amp;", "&")]));
  const answer = await browser.open(`${browser.issuer}/oauth/logout/confirmation`, { method: "POST", form: { ...form, decision } });
  return { status: answer.status, location: answer.headers.get("location") };
}

async function isSignedIn(bench, browser) {
  return (await browser.open(`${bench.issuer}/v1/me`)).status === 200;
}

export const MORE = {
  "oidcc-discovery-endpoint-verification": async (bench) => {
    const said = (await bench.site()).serverMetadata();
    assert.equal(said.issuer, bench.issuer);
    for (const name of ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint",
      "revocation_endpoint", "pushed_authorization_request_endpoint"]) {
      assert.ok(said[name].startsWith(`${bench.issuer}/oauth/`), name);
    }
    assert.deepEqual(said.code_challenge_methods_supported, ["S256"]);
    assert.deepEqual(said.response_types_supported, ["code"]);
    assert.deepEqual(said.subject_types_supported, ["pairwise"]);
    assert.equal(said.authorization_response_iss_parameter_supported, true);
    assert.ok(said.scopes_supported.includes("openid"));
    const other = await (await fetch(`${bench.issuer}/.well-known/oauth-authorization-server`)).json();
    assert.equal(other.issuer, bench.issuer);
  },
  "oidcc-server-rotate-keys": async (bench) => {
    const kids = async () => (await (await fetch(`${bench.issuer}/oauth/jwks`)).json()).keys.map(({ kid }) => kid);
    const first = decodeProtectedHeader((await bench.signIn()).tokens.id_token).kid;
    const before = await kids();
    await bench.drive("keys");
    const after = await kids();
    assert.ok(before.every((kid) => after.includes(kid)) && after.length > before.length, "published before it signs");
    assert.equal(decodeProtectedHeader((await bench.signIn()).tokens.id_token).kid, first, "the present one goes on");
    await bench.drive("clock", { ahead: DAY + 60 });
    try {
      const config = await bench.site("basic", { skewSeconds: DAY + 60 });
      const later = decodeProtectedHeader((await bench.signIn({}, { config })).tokens.id_token).kid;
      assert.ok(later !== first && after.includes(later), "then the new one signs");
      assert.ok((await kids()).includes(first), "and what the old one signed is verified still");
    } finally {
      await bench.drive("clock", { ahead: 0 });
    }
    await bench.drive("keys", { leaked: 1 });
    const fresh = decodeProtectedHeader((await bench.signIn()).tokens.id_token).kid;
    assert.ok(!after.includes(fresh) && !(await kids()).some((kid) => after.includes(kid)), "a leaked one is gone at once");
  },
  "oidcc-redirect-uri-query-added": async (bench) => {
    const { back, asked } = await bench.ask({}, { uri: `${bench.redirect_uri}?kept=1` });
    assert.equal(back.searchParams.get("kept"), "1", "a registered query stays");
    assert.ok(back.searchParams.get("code") && asked);
    await assert.rejects(bench.ask({}, { uri: `${bench.redirect_uri}?added=1` }), ({ status }) => status === 400);
  },
  "oidcc-redirect-uri-query-mismatch": async (bench) => {
    await assert.rejects(bench.ask({}, { uri: `${bench.redirect_uri}?kept=2` }), ({ status }) => status === 400);
  },
  "redirect-uri-only-like-a-registered-one": async (bench) => {
    const { redirect_uri: uri, siteOrigin } = bench;
    const alike = [`${uri}/`, `${uri}.evil`, `${uri}%2f..`, `${uri}/../callback`, `${uri}#`, uri.replace("http:", "https:"),
      uri.replace("127.0.0.1", "localhost"), uri.replace("127.0.0.1", "127.0.0.1.evil.example"), `${siteOrigin}@evil.example/callback`,
      uri.toUpperCase(), ` ${uri}`, "javascript:alert(1)"];
    for (const each of alike) await assert.rejects(bench.ask({}, { uri: each }), ({ status }) => status === 400, each);
  },
  "redirect-uri-differs-at-the-token-endpoint": async (bench) => {
    const { config, back, asked } = await bench.ask({}, { uri: `${bench.redirect_uri}?kept=1` });
    const moved = new URL(back);
    moved.searchParams.delete("kept");
    await isRefused(redeem(config, moved, asked), "invalid_grant");
  },
  "par-and-private-key-jwt": async (bench) => {
    const [config, browser] = [await bench.site("signing"), await bench.browser()];
    const asked = await request(bench.redirect_uri);
    const url = await push(config, asked);
    assert.deepEqual([...url.searchParams.keys()].toSorted(), ["client_id", "request_uri"]);
    const back = await browser.authorize(url);
    assert.equal((await redeem(config, back, asked)).claims().aud, bench.sites.signing.client_id);
    await assert.rejects(browser.authorize(url), ({ status }) => status === 400, "a pushed request is used once");
  },
  "par-of-another-site": async (bench) => {
    const url = await push(await bench.site("signing"), await request(bench.redirect_uri));
    url.searchParams.set("client_id", bench.sites.basic.client_id);
    await assert.rejects((await bench.browser()).authorize(url), ({ status }) => status === 400);
  },
  "par-lapses": async (bench) => {
    const url = await push(await bench.site("signing"), await request(bench.redirect_uri));
    await bench.drive("clock", { ahead: 91 });
    try {
      await assert.rejects((await bench.browser()).authorize(url), ({ status }) => status === 400);
    } finally {
      await bench.drive("clock", { ahead: 0 });
    }
  },
  "par-is-checked-before-anybody-sees-it": async (bench) => {
    const config = await bench.site("signing");
    await isRefused(push(config, await request(`${bench.siteOrigin}/elsewhere`)), "invalid_request");
    await isRefused(push(config, await request(bench.redirect_uri, { code_challenge: undefined, code_challenge_method: undefined })), "invalid_request");
    const forged = await bench.site("forged");
    await assert.rejects(push(forged, await request(bench.redirect_uri)), ({ status }) => status === 401);
  },
  "a-site-that-pushes-is-answered-nothing-else": async (bench) => {
    const { back } = await bench.ask({}, { config: await bench.site("signing") });
    assert.equal(back.searchParams.get("error"), "invalid_request");
  },
  "code-of-one-site-at-another": async (bench) => {
    const { back, asked, config, browser } = await bench.ask();
    await isRefused(redeem(await bench.site("post"), back, asked), "invalid_grant");
    assert.ok((await redeem(config, back, asked)).access_token, "and its own site still gets its tokens");
    assert.ok(browser);
  },
  "two-codes-in-parallel": async (bench) => {
    const browser = await bench.browser();
    await bench.signIn({}, { browser });
    const [one, two] = await Promise.all([bench.ask({}, { browser }), bench.ask({}, { browser })]);
    await assert.rejects(redeem(one.config, two.back, one.asked), "the state of the one is not that of the other");
    const swapped = new URL(one.back);
    swapped.searchParams.set("code", two.back.searchParams.get("code"));
    await isRefused(redeem(one.config, swapped, one.asked), "invalid_grant");
  },
  "one-code-fifty-times-at-once": async (bench) => {
    const { config, back, asked } = await bench.ask();
    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => redeem(config, back, asked)));
    assert.ok(tries.filter(({ status }) => status === "fulfilled").length <= 1);
    const won = tries.find(({ status }) => status === "fulfilled");
    if (won) {
      const answer = await fetch(`${bench.issuer}/oauth/userinfo`, { headers: { Authorization: `Bearer ${won.value.access_token}` } });
      assert.equal(answer.status, 401);
    }
  },
  "subjects-are-pairwise": async (bench) => {
    const browser = await bench.browser();
    const one = await bench.signIn({}, { browser });
    const other = await bench.signIn({}, { browser, config: await bench.site("post") });
    assert.equal(one.tokens.claims().sub, other.tokens.claims().sub, "one host, one subject");
    const { elsewhere } = bench.sites;
    browser.siteOrigin = new URL(elsewhere.redirect_uri).origin;
    const config = await bench.site("elsewhere");
    const there = await bench.signIn({}, { browser, config, uri: elsewhere.redirect_uri });
    assert.notEqual(there.tokens.claims().sub, one.tokens.claims().sub, "another host, another subject");
    assert.notEqual(there.tokens.claims().sid, one.tokens.claims().sid, "nor does the session tell who it is");
    for (const { tokens } of [one, there]) assert.ok(!JSON.stringify(tokens.claims()).includes(bench.person.id));
  },
  "form-post-response-mode": async (bench) => {
    const browser = await bench.browser();
    await bench.signIn({}, { browser });
    const asked = await request(bench.redirect_uri, { response_mode: "form_post" });
    const page = await browser.open(c.buildAuthorizationUrl(await bench.site(), asked.parameters));
    const html = await page.text();
    assert.equal(page.status, 200);
    assert.match(html, /name="code" value="[^"]+"/);
    assert.match(html, /name="iss" value="[^"]+"/);
  },
  "oidcc-rp-initiated-logout": async (bench) => {
    const { config, browser, tokens } = await bench.signIn();
    const url = c.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token, post_logout_redirect_uri: bench.post_logout_redirect_uri, state: "bye",
    });
    assert.equal((await signOut(browser, url, "no")).location, "/app");
    assert.ok(await isSignedIn(bench, browser), "who does not want to stays signed in");
    assert.equal((await signOut(browser, url)).location, `${bench.post_logout_redirect_uri}?state=bye`);
    assert.ok(!(await isSignedIn(bench, browser)));
    const answer = await fetch(`${bench.issuer}/oauth/userinfo`, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(answer.status, 401, "the tokens end with the session");
  },
  "oidcc-rp-initiated-logout-bad-id-token-hint": async (bench) => {
    const { config, browser, tokens } = await bench.signIn();
    for (const hint of [`${tokens.id_token.slice(0, -4)}AAAA`, "no.token.this", unsigned(tokens.id_token)]) {
      const url = c.buildEndSessionUrl(config, { id_token_hint: hint, post_logout_redirect_uri: bench.post_logout_redirect_uri });
      assert.deepEqual(await signOut(browser, url), { status: 400, location: null });
    }
    assert.ok(await isSignedIn(bench, browser));
  },
  "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": async (bench) => {
    const { config, browser, tokens } = await bench.signIn();
    const url = c.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: "https://evil.example/" });
    assert.deepEqual(await signOut(browser, url), { status: 400, location: null });
    assert.ok(await isSignedIn(bench, browser));
  },
  "oidcc-rp-initiated-logout-no-params": async (bench) => {
    const browser = await bench.browser();
    assert.deepEqual(await signOut(browser, `${bench.issuer}/oauth/logout`), { status: 200, location: null });
    assert.ok(!(await isSignedIn(bench, browser)));
  },
  "oidcc-rp-initiated-logout-only-state": async (bench) => {
    const browser = await bench.browser();
    assert.deepEqual(await signOut(browser, `${bench.issuer}/oauth/logout?state=x`), { status: 200, location: null });
  },
  "oidcc-backchannel-rp-initiated-logout": async (bench) => {
    const received = [];
    let sid = null;
    const listener = createServer(async (asked, answer) => {
      const form = new URLSearchParams(await text(asked));
      const isOurs = decodeJwt(form.get("logout_token")).sid === sid;
      if (isOurs) received.push({ path: asked.url, type: asked.headers["content-type"], form });
      answer.writeHead(isOurs && received.length === 1 ? 503 : 200).end();
    });
    await new Promise((resolve) => { listener.listen(Number(new URL(bench.redirect_uri).port), "127.0.0.1", resolve); });
    try {
      const { config, browser, tokens } = await bench.signIn();
      sid = tokens.claims().sid;
      await signOut(browser, c.buildEndSessionUrl(config, { id_token_hint: tokens.id_token }));
      await bench.drive("logouts");
      await bench.drive("clock", { ahead: 60 });
      await bench.drive("logouts");
      await bench.drive("logouts");
      assert.equal(received.length, 2, "told again until it answers, and then no more");
      const [{ path, type, form }] = received.slice(1);
      assert.deepEqual([path, type], ["/logout", "application/x-www-form-urlencoded"]);
      const keys = createRemoteJWKSet(new URL(`${bench.issuer}/oauth/jwks`));
      const { payload, protectedHeader } = await jwtVerify(form.get("logout_token"), keys, {
        issuer: bench.issuer, audience: bench.sites.basic.client_id, typ: "logout+jwt", clockTolerance: 120,
      });
      assert.deepEqual(payload.events, { "http://schemas.openid.net/event/backchannel-logout": {} });
      assert.equal(payload.sid, sid);
      assert.equal(payload.sub, tokens.claims().sub);
      assert.ok(!("nonce" in payload) && payload.jti && protectedHeader.kid);
    } finally {
      await bench.drive("clock", { ahead: 0 });
      listener.close();
    }
  },
};

function unsigned(token) {
  const header = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  return `${header}.${token.split(".")[1]}.`;
}

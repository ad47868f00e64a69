// Runs one module against our provider: `node openid_provider.mjs <module>`, the set-up as JSON on stdin. Ends with 0
// when everything is as it should be; otherwise the failed assertion is on stderr.
import { text } from "node:stream/consumers";
import { Browser } from "./browser.mjs";
import { BASIC } from "./basic_op_modules.mjs";
import { MORE } from "./more_modules.mjs";
import * as c from "openid-client";
import { discovered, redeem, request } from "./relying_party.mjs";

const setup = JSON.parse(await text(process.stdin));

/** What every module works with. */
class Bench {
  constructor() {
    Object.assign(this, setup, { siteOrigin: new URL(setup.redirect_uri).origin });
  }

  /** Ask the test's own side for something only it can do: sign-in, clock, keys, logout delivery. */
  async drive(what, parameters = {}) {
    const answer = await fetch(`${this.issuer}/driver/${what}?${new URLSearchParams(parameters)}`, { method: "POST" });
    if (!answer.ok) throw new Error(`driver: ${what} ${answer.status}`);
    return answer.json();
  }

  signedIn(parameters = {}) {
    return this.drive("session", parameters).then(({ token }) => token);
  }

  async browser({ isSignedIn = true, person = "first", amr = "pwd sms", again = "pwd sms" } = {}) {
    return new Browser({
      issuer: this.issuer, siteOrigin: this.siteOrigin,
      token: isSignedIn ? await this.signedIn({ person, amr }) : null,
      signIn: () => this.signedIn({ person, amr: again }),
    });
  }

  site(name = "basic", more = {}) {
    return discovered(this.issuer, this.sites[name], more);
  }

  /** From the site through the browser back to the site; {config, browser, asked, back}. */
  async ask(more = {}, { config, browser, uri = this.redirect_uri } = {}) {
    const known = config || await this.site();
    const person = browser || await this.browser();
    const asked = await request(uri, more);
    const back = await person.authorize(c.buildAuthorizationUrl(known, asked.parameters));
    return { config: known, browser: person, asked, back };
  }

  /** The same, and the tokens. */
  async signIn(more = {}, { checks = {}, ...rest } = {}) {
    const done = await this.ask(more, rest);
    return { ...done, tokens: await redeem(done.config, done.back, done.asked, checks) };
  }
}

const module = { ...BASIC, ...MORE }[process.argv[2]];
if (!module) throw new Error(`no module ${process.argv[2]}`);
await module(new Bench());
process.exit(0);

// A person's browser as a program: it carries a session, follows where it is sent, agrees on the consent page, signs in
// again when it is asked to, and stops where it would leave for the site.

export class Browser {
  /** `token` is a session of ours (null: nobody is signed in); `signIn()` answers a fresh one. */
  constructor({ issuer, siteOrigin, token, signIn }) {
    Object.assign(this, { issuer, siteOrigin, token, signIn });
    this.signIns = 0;
    this.consents = 0;
  }

  async open(url, { method = "GET", form } = {}) {
    const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    return fetch(url, { method, headers, redirect: "manual", body: form && new URLSearchParams(form) });
  }

  /** Follow an authorization request to the site's address; raises an Error with `.status` where a page of ours ends it. */
  async authorize(url, options = {}) {
    let answer = await this.open(url, options);
    for (let hops = 0; hops < 12; hops += 1) {
      if (answer.status !== 303) throw await endedHere(answer);
      const next = new URL(answer.headers.get("location"), this.issuer);
      if (next.origin === this.siteOrigin) return next;
      if (next.origin !== new URL(this.issuer).origin) throw new Error(`sent to ${next.origin}`);
      answer = await this.step(next);
    }
    throw new Error("led in circles");
  }

  async step(next) {
    const id = next.searchParams.get("authorization");
    const onward = `${this.issuer}/oauth/authorize/continue?authorization=${id}`;
    if (next.pathname === "/app/sign-in") {
      this.signIns += 1;
      this.asked = next.searchParams;
      this.token = await this.signIn();
      return this.open(onward);
    }
    if (next.pathname === "/app/consent") {
      this.consents += 1;
      return this.open(await this.agree(id));
    }
    return this.open(next);
  }

  /** Agree to all that is asked; where the browser goes on. */
  async agree(id) {
    const path = `${this.issuer}/v1/me/authorizations/${id}`;
    const { claims } = await (await this.open(path)).json();
    const answer = await fetch(`${path}/decision`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ is_agreed: true, claims: claims.map(({ claim }) => claim) }),
    });
    if (!answer.ok) throw await endedHere(answer);
    return (await answer.json()).continue_url;
  }
}

async function endedHere(answer) {
  const text = await answer.text();
  return Object.assign(new Error(`ended with ${answer.status}: ${text.slice(0, 300)}`), { status: answer.status, text });
}

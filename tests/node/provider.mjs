// An independent OpenID provider (npm oidc-provider) that signs in whoever `login_hint` names, and asks nothing.
// Standard input: {"port", "jwks", "clients", "algorithms"}. Writes "ready" when it listens, then one line for each code
// that is exchanged.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Provider } from "oidc-provider";

const asked = JSON.parse(await text(process.stdin));
const issuer = `http://127.0.0.1:${asked.port}`;

const provider = new Provider(issuer, {
  clients: asked.clients,
  jwks: asked.jwks,
  enabledJWA: { idTokenSigningAlgValues: asked.algorithms },
  clientAuthMethods: ["client_secret_basic", "client_secret_post"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.tw`, email_verified: true, name: id }),
  }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});
provider.on("grant.success", () => console.log("exchanged"));
provider.on("grant.error", () => console.log("refused"));

const protocol = provider.callback();
createServer(async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return protocol(request, response);
  const { params } = await provider.interactionDetails(request, response);
  const login = { accountId: params.login_hint || "somebody" };
  return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}).listen(asked.port, "127.0.0.1", () => console.log("ready"));

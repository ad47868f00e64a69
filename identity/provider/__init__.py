"""The OpenID provider: the bureaus' own sites let people sign in here (OpenID Connect Core 1.0, RFC 6749).

`requests` reads what a site asks, `authorization` leads the person through signing in and agreeing to the code,
`tokens` gives tokens for it, `claims` says what is in them, `logout` ends it everywhere. `clients` knows the sites,
`keys` what we sign with, `subjects` under which name each site knows a person.

From outside may be called: `authorization.describe`, `grant` and `refuse` (the consent page),
`grants.revoke_for_client` and `grants.revoke_all` (consent taken back, credentials changed), `sign_ons.follow` and
`sign_ons.end` (sessions), `clients` for reading. A claim never leaves without an approved purpose and the person's
consent, and nothing is ever sent to an address that was not registered beforehand.
"""

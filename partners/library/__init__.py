"""The demo library's own small site, which people sign in to with the city: a relying party as a bureau would write it.

It shares nothing with the city but a registered public key: whatever it knows of a person came through the OpenID
provider. `city_sign_in` speaks the protocol, `visits` is the site's own session, `sandbox` its pages.
"""

"""The sites of the bureaus that people sign in to with us: how one is registered, and what a person agrees to tell it.

`registration` takes what a bureau's officer proposes and a registrar approves, and shuts a site at once when need be.
`consents` holds who agreed to what, for which purpose, until when: the provider asks it before it asks the person, and
nothing leaves that is not in its answer.
"""

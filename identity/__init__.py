"""Who somebody is: registering, signing in, sessions, assurance levels, passkeys, vehicles, bureaus' systems.

May be called from outside: `actors`, `sessions.resolve`, `bureaus.resolve_bureau_token`, `passkeys` (an assertion
over a payment), `people` (what other rooms may know of a person), `ports.plug_in`, `routes`, `tasks`.

Must never happen here: an ID number, mobile number, password, code or token stored or logged in the clear; a different
answer, or a different time to answer, for known and unknown people; a call to an outside system inside a transaction.
"""

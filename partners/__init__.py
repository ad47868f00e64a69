"""Everything outside the city's walls: one folder per outside system, each with its client and its sandbox.

What this room is for: speaking other people's protocols. `client.py` is what production uses; `sandbox.py` beside it
is the other end of the same protocol, with books of its own, and misbehaves on command. `wire.py` signs, verifies and
calls. `python -m partners.sandbox` runs all sandboxes as one process.

What may be called from outside: `partners.wire` (verification of webhooks that come in, the typed failures of a call),
the clients (`partners.bank.client`, `partners.bureaus.client`, `partners.sms.client`, `partners.fcm.client`), and
`partners.fcm.messages`, to name a push without sending one.

What must never happen: a client called while a database transaction is open; an answer believed whose signature was not
checked; a silence (`wire.NoAnswer`) taken for a refusal; a client that knows a citizen, a bill or a table of ours.
"""

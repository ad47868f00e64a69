"""The telephone exchange of the 1999 line (interactive voice response): it takes what callers key in.

May be called from outside: `sandbox.blueprint`. The city is told by a Standard Webhook, `keys.entered`, with
`keypad_number` (which call) and `pin`; nothing is kept here, and nothing of what comes of it is told to the exchange.
"""

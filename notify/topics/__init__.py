"""Topics of the bureaus, and subscriptions to them that end by themselves.

May be called from outside: the routes, `CONSUMERS` and `SWEEPS` here; `sends.count_sends` by whoever sends to
subscribers; `catalogue.seed`; `subscriptions.begin` and `subscriptions.end`.

Must never happen here: a subscription without a recorded reason why it began or ended, one that anything but
`endings.verdict` ends on time or on an event, a row of a subscription or of its history that is deleted.
"""

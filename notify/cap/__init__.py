"""The cap: how often a day all bureaus together may ring a person, who comes first, and what becomes of the rest.

May be called from outside: the routes in `routes.py`, the sweeps in `tasks.py`, and `decisions.decide_due` by whoever
has just added candidates. In SQL: `notify.awake_at` and `notify.wakes_tomorrow`.

Must never happen here: more messages of campaigns on a person's day than the person allows, a lesser one rung where a
better one was there, a person told the same thing twice, a message without a live subscription, a decision that a
crash leaves half done. Receipts, security notices, alerts and the digest are not counted.
"""

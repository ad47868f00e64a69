"""Paying: bills (fines, parking), bank links, rails and fees, payments, refunds of double payments, notices to bureaus.

May be called from outside: the routes in `*routes.py`, the consumers and sweeps named in `tasks.py`, and
`feed_cli.bills_group`.

Must never happen here: money held by the app (it orders debits, the bank moves account to treasury), a call outside
with a transaction open, a fine's amount computed by us, an unanswered debit taken for a failed one.
"""

"""City points: campaigns grant them from a budget, they are kept in lots that expire, and the book holds them.

May be called from outside: the routes in `routes.py`, `CONSUMERS` and `SWEEPS` in `tasks.py`,
`points_for_payment` in `lots.py`, and `campaigns.open_campaign`.

Must never happen here: a lot without its transfer in the book in the same transaction, two lots of one campaign for one
payment, a budget overspent, a change of somebody's points without an entry that explains it.
"""

"""The book: double entry for New Taiwan dollars (TWD) and points (PT).

May be called from outside: the use cases of `ledger.book` (open an account; post, hold, settle, release, reverse; read
a balance, entries, the trial balance), `ledger.bulk.post_each` for sweeps, the readers in `ledger.days` and
`ledger.journal`, `ledger.audit.disagreements`, the tasks in `ledger.tasks`, and the refusals in `ledger.errors`.
Amounts are whole units of the account's asset; ids of transfers are chosen by the caller and are what makes a
repetition harmless.

Must never happen: a row of the book changed or deleted; a transfer between two assets; a hold resolved twice; a balance
that may not go below zero doing so, holds counted; a lock on a row that the whole city shares; a commit in here. The
database itself refuses the first four, whoever asks.
"""

"""Settlement and reconciliation: what the other side says in its files, line by line against our own book.

From outside may be called: `files.receive` (a file arrives), `breaks.record` (somebody found a difference that no file
shows), `late.look` (the sweep). Nothing here ever changes what a payment is; it books what files prove, and everything
that does not fit becomes a typed break whose money stands in `break_suspense` until two persons close it.
"""

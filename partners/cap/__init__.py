"""Common Alerting Protocol 1.2 (OASIS, 1 July 2010), as Taiwan's alerts use it (profile CAP-TWP).

May be called from outside: `reading.read` for a document, `writing.write` to make one, `signature.verified` for who
signed it, `feed` to follow a feed of them.

Must never happen here: an entity resolved, a DTD read, anything fetched because a document names it, a document that
is not exactly CAP 1.2 passed on as if it were.
"""

"""The floor everyone stands on. It knows no citizen and no bill.

May be called from every room: settings, database session and unit of work, outbox, clock, ids, crypto box, Taiwan
formats, typed refusals, and the words in which a room declares its HTTP routes.

Must never happen here: an import of any other room, a commit inside a use case, a read of the clock inside a rule.
"""

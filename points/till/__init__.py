"""At the till: the codes that a phone shows, what a merchant's till does with them, and who is at it.

May be called from outside: the routes, `tills.resolve` for the front door, `TASKS` of the rooms around it.

Must never happen here: a code that is good twice, points taken that the two sides do not both see, an answer lost with
the network that took points without a trace at the till.
"""

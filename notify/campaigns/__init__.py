"""Campaigns: who is to be told what, by whom, approved by whom; and each sending of it.

May be called from outside: the routes in `routes.py`, the sweeps in `tasks.py`, `tallies.add` by whoever decides on,
delivers or hears back from messages, and `ports.plug_in` at start-up.

Must never happen here: a person shown to an officer, a count from which one could be told, a text sent that was not
approved letter by letter by somebody who neither wrote nor submitted it, an audience held in memory.
"""

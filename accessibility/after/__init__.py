"""After a ride: how it was, and what was left behind.

May be called from outside: nothing but its routes. Must never happen: a rating that a dispatcher or a driver sees with
its rider, a tip, and a thing handed over without its owner being told.
"""

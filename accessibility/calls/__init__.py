"""Telephone calls that somebody at the dispatch desk makes: to fleets that have no machine, and to riders who want to
be told that way.

Others call `calls.ring_rider` and `calls.ring_fleet`; what a fleet says goes where `ports.plug_in` leads. A fleet that
is rung learns what a fleet with a machine learns, and no more.
"""

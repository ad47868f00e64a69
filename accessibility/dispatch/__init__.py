"""Planning the tours of vans that carry people in wheelchairs: which van can take a trip, when, and what it costs.

May be called from outside: `tours` (what is planned), `travel` (how long a leg takes), `insertion.offers` (the cheapest
places for one more trip), `timing.scheduled` (when a tour is where) and `checker` (whether a plan keeps every promise,
found by another way than it was made). Nothing here reads a database or a clock, and nothing here knows who rides.

Moments are whole seconds since the epoch, durations whole seconds.
"""

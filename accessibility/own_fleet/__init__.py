"""The city's own vans behind the port of fleets: their plan, their drivers, their dispatch desk.

May be called from outside: `fleet.OwnFleet` (the port), `ports.plug_in`, the routes and sweeps. It learns what a
taxi fleet learns, by the same telegrams: places to about 100 m until a ride is bound, then who rides. Never may it
learn what a rider complained of, or who they are before that. What somebody was promised is a limit of every plan; only
an officer's override, written down with its reason, may break one, and never the one that people fit.
"""

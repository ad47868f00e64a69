"""Rides for people who cannot take a bus: one request, asked of city vans and of every taxi fleet, one honest answer.

`riders` and `places` say who rides from where to where; `fleets` on which terms; `requests` asks all of them, `rides`
holds, binds and lives through what was chosen; `waitlist`, `series`, `reminders` and `calls` go on where nobody has the
page open. `own_fleet` is the city's own vans behind the same port as every fleet, planned by `dispatch`, which knows
places, times and loads, and no person. `fares`, `conduct` and `after` come when the ride is over.

May be called from outside: the routes in `routes.py`, `CONSUMERS` and `SWEEPS` in `tasks.py`, the facts in `events.py`,
and the ports that `api/wiring.py` plugs in.

Must never happen here: two rides for one person at one time, a ride that comes to nothing without a word to its rider,
somebody brought and not fetched, a fleet that learns a name before it is bound or a diagnosis ever, a complaint that
whoever dispatches can see.
"""

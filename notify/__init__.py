"""Telling people: messages in their inbox, handed over to their devices, each with the reason why it was sent.

May be called from outside: the routes in `routes.py`, `CONSUMERS` and `SWEEPS` in `tasks.py`, and
`ports.plug_in` at start-up.

Must never happen here: a push with a transaction open, a worker that sleeps until a provider is ready, an ID number
or a plate on a lock screen, a message on a device that is somebody else's by now.
"""

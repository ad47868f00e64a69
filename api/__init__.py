"""The front door: Flask app factory, who-is-calling, problem+json, idempotency, OpenAPI, the worker and the commands.

May be called from outside: `api.app.create_app`, `api.worker.celery`, `api.cli.main`.

Must never happen here: a rule about bills, people or points. `wiring.py` alone knows every room.
"""

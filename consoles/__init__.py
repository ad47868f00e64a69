"""The officers' desks: pages at ``/desk`` that live entirely on the public HTTP API.

What may be used from outside: ``consoles.pages.desk`` (a Flask blueprint).

What must never happen here: reading a database, knowing a business rule, or showing an officer what the API did not
hand out to them. A desk is a module in ``static/js/desks/``, listed in ``static/js/desks.js``.
"""

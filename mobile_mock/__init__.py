"""The citizen's phone: an installable web app at ``/app`` that lives entirely on the public HTTP API.

What may be used from outside: ``mobile_mock.pages.phone`` (a Flask blueprint).

What must never happen here: reading a database, knowing a business rule, or trusting anything but the API's answers.
The one judgement the phone makes for itself is the most important one: it recomputes the hash of the payment's words
that the person has just read, and refuses to sign anything else.
"""

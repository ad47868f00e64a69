"""What devices say of the messages that they were given: shown, opened, dismissed; and what a person thinks of one.

Receipts carry no session, because a service worker has none: each device signs them with a key that it was given when
it was registered, and speaks for the messages that were handed to itself alone.
"""

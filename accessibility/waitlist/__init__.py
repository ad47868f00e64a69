"""Waiting for a ride that no fleet has: who stands where in line, what came of it for others, and whose turn it is.

Others call `waits.join` and `waits.leave`. Whatever comes free is kept for one person, offered to them with a time to
accept, and goes to the next; nobody is told of a chance that is not reckoned from what really happened to others.
"""

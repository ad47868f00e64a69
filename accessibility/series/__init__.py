"""Rides that recur: dialysis on Monday, Wednesday and Friday until a day that is named.

A day's ride is asked for when the first fleet opens its booking, and its rider hears what came of it. Recurring rides
take at most a share of an hour of the own fleet, so that something is left for whoever needs one once.
"""

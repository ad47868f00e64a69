"""Places: what a rider types or points at, as a place that a vehicle can go to; where rides may begin and end.

From outside: `lookup.resolve` makes a `Place` of what a client sent, `area.check` says whether a ride may go between
two. Never a guess: a place that is not clear is refused with what would make it clear.
"""

from accessibility.places.place import Place

__all__ = ["Place"]

"""What a ride costs, who pays which part of it, and the quotas of the city's cards.

Rules are rows of `accessibility.fare_rule` with the day from which they count and where they were read; what nobody has
confirmed says so and is never stated as a fact. May be called from outside: `quote` (the fare of an offer), `now_left`
(the same with the points of this moment), `agree` (the fare that a rider takes, whose points are kept for the ride) and
`meter.estimate` (what a taxi's meter would show). Must never happen here: a quota used twice for a ride, a rider who
pays more than was promised, a fare that rises after it was paid.
"""

from accessibility.fares.pricing import Fare, FareLine
from accessibility.fares.quoting import agree, has_points, now_left, quote

__all__ = ["Fare", "FareLine", "agree", "has_points", "now_left", "quote"]

"""The office of the city's own vans: which vans and drivers there are, and who drives which when.

Called over HTTP by dispatchers alone. Where a van goes on its shift is the planner's (`own_fleet`); here a shift is
given, changed or taken away, and the rides that lose their van by it are looked after as after a breakdown. Nothing
here knows who rides.
"""

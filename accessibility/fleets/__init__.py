"""The fleets of the city and beyond as data: who they are, when and where they drive, for whom, on which terms.

`ports` reaches them; `terms` says what each takes, with its source, before it is asked. Nothing here knows a rider.
"""

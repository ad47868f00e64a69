"""What journey planners are told: which accessible fleets there are, where and when they drive, and how to book.

Two feeds of the same facts, public and without a single person in them: GTFS-Flex (`gtfs_flex`) and GOFS (`gofs`). Both
are made from the terms of the fleets that count now, and from nothing else.
"""

"""Fleets that drive people who need room for a wheelchair: the telegrams between them and us, the client, and the
sandbox of four of them.

A caller uses `client.FleetClient` and the dataclasses of `contents`; what a fleet tells unasked is read by
`telegrams.decode`. Nothing that says who somebody is, or at which door they live, may leave before a ride is bound.
"""

"""Rides for people who cannot take a bus: one request, asked of city vans and of every taxi fleet, one honest answer.

`dispatch/` plans the tours of the city's own vans. It knows places, times and loads, and no person.
"""

"""Rides over HTTP: every room of this domain that has routes."""

from __future__ import annotations

from accessibility.after import desk_routes as after_desk_routes
from accessibility.after import routes as after_routes
from accessibility.calls import routes as call_routes
from accessibility.conduct import desk_routes as conduct_desk_routes
from accessibility.conduct import routes as conduct_routes
from accessibility.fares import routes as fare_routes
from accessibility.fleets import desk_routes as fleet_desk_routes
from accessibility.fleets import routes as fleet_routes
from accessibility.own_fleet import desk_routes as van_desk_routes
from accessibility.own_fleet import driver_routes
from accessibility.own_fleet import incident_routes as van_incident_routes
from accessibility.places import routes as place_routes
from accessibility.published import routes as feed_routes
from accessibility.requests import routes as request_routes
from accessibility.riders import desk_routes as rider_desk_routes
from accessibility.riders import routes as rider_routes
from accessibility.rides import day_routes as ride_day_routes
from accessibility.rides import fleet_routes as ride_fleet_routes
from accessibility.rides import routes as ride_routes
from accessibility.series import routes as series_routes
from accessibility.van_office import particulars_routes as van_particulars_routes
from accessibility.van_office import roster_routes as van_roster_routes
from accessibility.waitlist import routes as waitlist_routes
from core.http import Routes

ROUTES: tuple[Routes, ...] = (
    fleet_routes.routes,
    fleet_desk_routes.routes,
    request_routes.routes,
    ride_routes.routes,
    ride_day_routes.routes,
    ride_fleet_routes.routes,
    driver_routes.routes,
    van_desk_routes.routes,
    van_incident_routes.routes,
    van_roster_routes.routes,
    van_particulars_routes.routes,
    place_routes.routes,
    rider_routes.routes,
    rider_desk_routes.routes,
    feed_routes.routes,
    fare_routes.routes,
    conduct_routes.routes,
    conduct_desk_routes.routes,
    after_routes.routes,
    after_desk_routes.routes,
    waitlist_routes.routes,
    series_routes.routes,
    call_routes.routes,
)  # fmt: skip

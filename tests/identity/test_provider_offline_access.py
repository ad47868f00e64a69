"""Acting for somebody without them: however often it is renewed, it is over a year after they agreed."""

from __future__ import annotations

from datetime import timedelta

from identity_city import City
from provider_site import open_site, signed_in

from core import clock
from identity.provider import grants, tokens

OFFLINE = "openid offline_access"


def test_renewing_does_not_go_on_beyond_the_year(city: City) -> None:
    site = open_site(city)
    first = site.tokens(signed_in(city), scope=OFFLINE)
    granted_for = city.sql("SELECT expires_at - granted_at FROM identity.provider_grant")[0][0]
    assert granted_for == grants.OFFLINE_LIFE == timedelta(days=365)
    # All but the year's last day are over.
    city.sql("UPDATE identity.provider_grant SET granted_at = granted_at - interval '364 days', "
             "expires_at = expires_at - interval '364 days'")  # fmt: skip
    second = site.refresh(first["refresh_token"])
    assert second.status_code == 200
    tomorrow = clock.now() + timedelta(days=1, minutes=1)
    assert tomorrow < clock.now() + tokens.REFRESH_LIFE
    with city.database.unit_of_work() as session:
        assert tokens.weigh_refresh(session, second.json["refresh_token"], "library", now=tomorrow) is None

"""How many statements a sign-in at a site sends to the database: each step looks up what it needs once."""

from __future__ import annotations

import pytest
from identity_city import City
from provider_site import Site, browser, open_site, signed_in
from sent_statements import statements_of


@pytest.fixture
def site(city: City) -> Site:
    return open_site(city)


def test_a_code_for_somebody_who_agreed_before_takes_nine_statements(city: City, site: Site) -> None:
    """The caller, the site, the request, the consent and that it was used, the limit, the sign-on, the grant, the
    answer."""
    mei = signed_in(city)
    site.code(mei)
    with statements_of(city.database) as sent:
        assert "code=" in site.authorize(mei).headers["Location"]
    assert len(sent) <= 9, sent


def test_tokens_for_a_code_take_seven_statements(city: City, site: Site) -> None:
    """The site, its proof used up, the code used up, the grant, the access token, the subject, the key."""
    mei = signed_in(city)
    site.tokens(mei)
    code = site.code(mei)
    with statements_of(city.database) as sent:
        assert site.redeem(code).status_code == 200
    assert len(sent) <= 7, sent


def test_userinfo_takes_five_statements(city: City, site: Site) -> None:
    """The token, the site, the subject, the entry in the access log, the person."""
    token = site.tokens(signed_in(city))["access_token"]
    with statements_of(city.database) as sent:
        assert site.userinfo(token).status_code == 200
    assert len(sent) <= 5, sent


def test_a_page_that_leads_to_signing_in_takes_three_statements(city: City, site: Site) -> None:
    """The site, the limit, the request."""
    with statements_of(city.database) as sent:
        assert browser(city, None).get("/oauth/authorize", query_string=site.query()).status_code == 303
    assert len(sent) <= 3, sent

"""LINE reaches a person at the account that they linked for signing in; nobody names another one."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from sqlalchemy import text

from api import wiring
from api.delivery import deliver
from core import clock, db
from core.crypto import open_sealed
from identity import federation, linked_accounts
from identity.actors import Actor
from identity.federation import Wanted
from partners.oidc.client import Identity

HERS, ANOTHER = f"U{'1a' * 16}", f"U{'2b' * 16}"


@pytest.fixture
def mei(client: FlaskClient) -> SignedIn:
    return sign_in(client)


def link(mei: SignedIn, subject: str) -> None:
    """What following LINE's page and saying yes comes to."""
    now, browser = clock.now(), federation.browser_of(None)
    asked = federation.new_request("line", browser, now=now)
    actor = Actor("citizen", mei.person_id, loa=2, auth_time=now)
    with db.unit_of_work() as session:
        federation.keep(session, asked, "line", browser, Wanted("link", mei.person_id, "bearer", False, "/app/me"))
        taken = federation.take(session, "line", asked.state, browser, now=now)
        identity = Identity("https://access.line.me", subject, {"name": "Mei"})
        waiting = linked_accounts.let_wait(session, identity, taken, browser, "Mei", now=now)
        linked_accounts.link(session, actor, browser, waiting.id, now=now)


def bring_events() -> None:
    with db.unit_of_work() as session:
        waiting = list(session.scalars(text("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY id")))
    deliver(waiting, wiring.consumers_by_kind())


def test_line_reaches_a_person_at_the_account_that_they_linked(mei: SignedIn) -> None:
    refused = mei.call("POST", "/v1/devices", {"kind": "line"})
    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[-1]) == (409, "line-not-linked")
    link(mei, HERS)
    assert [mei.call("POST", "/v1/devices", {"kind": "line"}).status_code for _ in range(2)] == [201, 200]
    with db.unit_of_work() as session:
        device = session.execute(text("SELECT id, address_sealed FROM notify.device WHERE gone_at IS NULL")).one()
    kept = open_sealed(device.address_sealed, table="notify.device", column="address", row_id=device.id)
    assert kept.decode() == HERS


def test_no_account_can_be_named(mei: SignedIn) -> None:
    link(mei, HERS)
    refused = mei.call("POST", "/v1/devices", {"kind": "line", "address": ANOTHER})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/address")
    assert mei.call("POST", "/v1/devices", {"kind": "fid"}).json["errors"][0]["pointer"] == "/address"


def test_what_is_unlinked_is_not_written_to_any_more(mei: SignedIn) -> None:
    link(mei, HERS)
    mei.call("POST", "/v1/devices", {"kind": "line"})
    (item,) = mei.call("GET", "/v1/me/linked-accounts").json["items"]
    assert mei.call("DELETE", f"/v1/me/linked-accounts/{item['id']}").status_code == 204
    bring_events()
    assert mei.call("GET", "/v1/devices").json["items"] == []
    assert mei.call("POST", "/v1/devices", {"kind": "line"}).status_code == 409

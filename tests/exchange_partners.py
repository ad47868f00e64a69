"""The partners of points exchange as tests reach them at a sandbox, with numbers of invented customers."""

from __future__ import annotations

from datetime import date

import urllib3

from partners import wire
from partners.exchanging import Direction, Order
from partners.familymart.client import FamilyMartClient
from partners.ipass.client import IpassClient
from partners.okmart.client import OkMartClient
from partners.pxmart import files
from partners.pxmart.client import PxMartClient
from partners.seveneleven.client import SevenElevenClient

ACCOUNTS = {
    "ipass": "9000000000001231",
    "okmart": "0912345678",
    "pxmart": "4710000000004",
    "familymart": "9123456783",
    "seveneleven": "9000000000001231",
}


def peer(url: str, partner: str, *, read_timeout_seconds: float = 1.0) -> wire.Peer:
    """How a partner is reached."""
    return wire.Peer(
        partner, f"{url}/{partner}", f"sandbox-{partner}-secret", read_timeout_seconds=read_timeout_seconds
    )


def order(partner: str, reference: str, value: int = 100, *, charge_twd: int = 100, **more: str) -> Order:
    """An order on the invented customer's account."""
    direction: Direction = "in" if more.get("direction") == "in" else "out"
    return Order(reference, direction, more.get("account", ACCOUNTS[partner]), value, charge_twd)


def fill_exchanges(url: str) -> None:
    """Something in each of their books."""
    IpassClient(peer(url, "ipass")).begin(order("ipass", "exc_1"))
    OkMartClient(peer(url, "okmart")).begin(order("okmart", "exc_2"))
    FamilyMartClient(peer(url, "familymart")).begin(order("familymart", "exc_3", direction="in"))
    SevenElevenClient(peer(url, "seveneleven")).begin(order("seveneleven", "exc_4"))
    content = files.orders_file(date(2026, 11, 5), 1, [order("pxmart", "exc_5")])
    PxMartClient(peer(url, "pxmart")).send_file("KCG_20261105_001.txt", content)
    urllib3.request("POST", f"{url}/pxmart/night")

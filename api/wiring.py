"""The one place that knows every room: routes, consumers, sweeps, and the outside systems behind the rooms' ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from accessibility import routes as accessibility_routes
from accessibility import tasks as accessibility_tasks
from accessibility.calls import ports as call_ports
from accessibility.fares import ports as fare_ports
from accessibility.fleets import agreements as fleet_agreements
from accessibility.fleets import ports as fleet_ports
from accessibility.own_fleet import ports as van_ports
from accessibility.own_fleet import sharing
from accessibility.own_fleet.fleet import OwnFleet
from accessibility.own_fleet.roads import Roads
from accessibility.riders import eligibility
from accessibility.riders import ports as rider_ports
from accessibility.rides import telephone as ride_telephone
from api import bill_reminders, partner_webhooks, push_wiring
from api.bill_subjects import WalletBills
from api.ride_notices import RidesTold
from api.van_riders import VanRiders
from core import district_shapes, outbox
from core import kept as core_kept
from core.districts import DISTRICTS
from core.http import Route
from core.settings import Settings, settings
from identity import certificate_ports, federation_ports
from identity import ports as identity_ports
from identity import routes as identity_routes
from identity import tasks as identity_tasks
from identity.provider import consent_port
from identity.relying_parties import consents, proposals_in_words
from ledger import tasks as ledger_tasks
from notify import ride_ports
from notify import routes as notify_routes
from notify import tasks as notify_tasks
from notify.campaigns import ports as campaign_ports
from notify.topics import desk as topics_desk
from notify.topics import ports as topic_ports
from partners import wire
from partners.ach.client import AchClient
from partners.adyen.client import AdyenClient, AdyenConfig
from partners.adyen.reports import ReportConfig
from partners.bank.client import BankClient
from partners.bank.payouts import PayoutClient
from partners.bureaus.client import BureausClient
from partners.ewallets.client import WALLETS, WalletClient
from partners.familymart.client import FamilyMartClient
from partners.fleets.client import FleetClient
from partners.ipass.client import IpassClient
from partners.moica.client import MoicaClient, fetch_list
from partners.oidc.client import OpenIdClient
from partners.oidc.providers import registered
from partners.okmart.client import OkMartClient
from partners.osrm.client import OsrmClient
from partners.pxmart.client import PxMartClient
from partners.seveneleven.client import SevenElevenClient
from partners.sms.client import SmsClient
from partners.stores.client import StoresClient
from points import extensions, tender
from points import routes as points_routes
from points import tasks as points_tasks
from points.earning import desk as campaigns_desk
from points.exchange import agreements as exchange_agreements
from points.exchange import breaks as exchange_breaks
from points.exchange import nettings as exchange_nettings
from points.exchange import ports as exchange_ports
from points.lots import points_for_payment
from points.merchants import decisions as merchant_decisions
from points.merchants import ports as merchant_ports
from wallet import corrections, refund_asking
from wallet import ports as wallet_ports
from wallet import routes as wallet_routes
from wallet import tasks as wallet_tasks
from wallet.rails.ach import AchRail
from wallet.rails.adyen import AdyenRail
from wallet.rails.bank_of_kaohsiung import BankOfKaohsiungRail
from wallet.rails.contract import Rail
from wallet.rails.ewallet import EwalletRail
from wallet.rails.points_only import PointsRail
from wallet.reconciliation import tasks as reconciliation_tasks
from wallet.ride_bills import RideBills


@dataclass(frozen=True, slots=True)
class Sweep:
    """Work that is looked for every so many seconds, by so many at once over all workers (`api.sweeping`)."""

    every_seconds: float
    run: Callable[[datetime], object]
    side_by_side: int = 1


# Where one alone would not keep up, because it waits for an outside system or there are lanes for several: each takes
# others than the rest.
_SIDE_BY_SIDE = {
    "notify.decide_due": 2,
    "wallet.resolve_due": 4,
    "wallet.send_due_refunds": 3,
    "wallet.make_automatic_debits": 3,
    "wallet.ask_about_cards": 2,
    "identity.send_due_sms": 2,
    "points.drive_exchanges": 3,
    "accessibility.drive_rides": 3,
}


# Events that nobody acts on yet, and why they are published all the same.
UNCONSUMED: dict[str, str] = {
    "notify.subscription_ended": "the inbox tells of it, and whoever sends looks at the subscription itself",
    "wallet.collection_file_refused": "the finance desk sees it among the files",
    "wallet.break_opened": "the desk lists the breaks themselves; the gauge of open ones alarms",
    "wallet.in_transit_overdue": "the desk lists the accounts themselves; the gauge of what is overdue alarms",
}


@cache
def routes() -> tuple[Route, ...]:
    """Every declared route of every room."""
    rooms = (
        *identity_routes.ROUTES,
        *wallet_routes.ROUTES,
        *points_routes.ROUTES,
        *notify_routes.ROUTES,
        *accessibility_routes.ROUTES,
        partner_webhooks.routes,
    )
    return tuple(route for room in rooms for route in room.declared)


def consumers() -> tuple[outbox.Consumer, ...]:
    """Everybody who acts on an event. Points come last: granting locks its campaign until the batch is committed."""
    return (
        *wallet_tasks.CONSUMERS,
        *notify_tasks.CONSUMERS,
        *identity_tasks.CONSUMERS,
        *accessibility_tasks.CONSUMERS,
        *points_tasks.CONSUMERS,
    )


@cache
def consumers_by_kind() -> dict[str, list[outbox.Consumer]]:
    """The consumers of each kind of event."""
    found: dict[str, list[outbox.Consumer]] = {}
    for consumer in consumers():
        found.setdefault(consumer.kind, []).append(consumer)
    return found


@cache
def sweeps() -> dict[str, Sweep]:
    """Everything that is looked for from time to time, by name."""
    found = {
        "ledger.roll_up_checkpoints": Sweep(10.0, lambda _now: ledger_tasks.roll_up_checkpoints()),
        "ledger.void_expired_holds": Sweep(60.0, lambda _now: ledger_tasks.void_expired_holds()),
        "ledger.seal_transfers": Sweep(60.0, lambda _now: ledger_tasks.seal_transfers()),
        "ledger.sum_up_days": Sweep(60.0, lambda _now: ledger_tasks.sum_up_days()),
        "core.forget_at_night": Sweep(60.0, core_kept.forget),
    }
    for room in (wallet_tasks, points_tasks, notify_tasks, identity_tasks, accessibility_tasks):
        found |= {name: Sweep(every, run, _SIDE_BY_SIDE.get(name, 1)) for name, (every, run) in room.SWEEPS.items()}
    return found


def plug_in() -> None:
    """Connect the rooms with the outside systems that the settings name."""
    of = settings()
    bank = BankClient(wire.Peer("bank", of.bank_url, of.bank_secret, read_timeout_seconds=8.0))
    bureaus = BureausClient(wire.Peer("bureaus", of.bureaus_url, of.bureaus_secret, read_timeout_seconds=5.0))
    sms = SmsClient(wire.Peer("sms", of.sms_url, of.sms_secret, read_timeout_seconds=5.0))
    ach = AchClient(wire.Peer("ach", of.ach_url, of.ach_secret, read_timeout_seconds=8.0))
    stores = StoresClient(wire.Peer("stores", of.stores_url, of.stores_secret, read_timeout_seconds=15.0))
    rails: dict[str, Rail] = {
        "bank_of_kaohsiung": BankOfKaohsiungRail(bank),
        "ach": AchRail(ach),
        "points": PointsRail(),
    }
    cards = None
    if of.adyen_api_key:
        cards = AdyenClient(
            AdyenConfig(of.adyen_url, of.adyen_api_key, of.adyen_merchant_account, is_live=of.adyen_is_live)
        )
        rails |= {name: AdyenRail(name, cards) for name in ("card", "apple_pay", "google_pay")}
    card_reports = ReportConfig(of.adyen_reports_url, of.adyen_api_key) if cards else None
    wallets: dict[str, WalletClient] = {}
    for name, secret in zip(WALLETS, (of.jkopay_secret, of.line_pay_secret), strict=True):
        peer = wire.Peer(name, f"{of.ewallets_url}/{name}", secret, read_timeout_seconds=8.0)
        wallets[name] = WalletClient(peer)
        rails[name] = EwalletRail(name, wallets[name])
    wallet_ports.plug_in(
        wallet_ports.Ports(
            bank,
            bureaus,
            points_for_payment,
            tender,
            rails,
            cards=cards,
            card_reports=card_reports,
            ach=ach,
            stores=stores,
            wallets=wallets,
        )
    )
    reconciliation_tasks.register_approvals()
    refund_asking.register()
    corrections.register()
    proposals_in_words.register()
    topics_desk.register_approvals()
    exchange_agreements.register()
    fleet_agreements.register()
    exchange_breaks.register()
    exchange_nettings.register()
    merchant_decisions.register_approvals()
    extensions.register_approvals()
    campaigns_desk.register_approvals()
    payer = merchant_ports.Payer(PayoutClient(bank.peer), "高雄市政府經濟發展局", "016", of.points_bank_account)
    app_url = f"{of.public_origin}/app"
    merchant_ports.plug_in(merchant_ports.Ports(payer, DISTRICTS, district_shapes.is_in_or_beside, app_url))
    consent_port.plug_in(consents.Keeper())
    identity_ports.plug_in(telephone=sms, vehicles=bureaus, households=bureaus)
    moica = MoicaClient(wire.Peer("moica", of.moica_url, of.moica_secret, read_timeout_seconds=5.0))
    certificate_ports.plug_in(authority=moica, fetch_list=fetch_list, settings=of.certificates)
    federation_ports.plug_in({each.name: OpenIdClient(registered(each)) for each in of.oidc})
    topic_ports.plug_in(of_bills=WalletBills())
    exchange_ports.plug_in(exchange_partners(of))
    roads = OsrmClient(of.osrm_url) if of.osrm_url else None
    van_ports.plug_in(VanRiders(), by=Roads() if roads else None, osrm=roads)
    call_ports.plug_in(fleet_answered=ride_telephone.fleet_answered, customer=ride_telephone.customer_words)
    fleet_ports.plug_in({"rehabus": OwnFleet()} | taxi_fleets(of))
    rider_ports.plug_in(certificates=bureaus)
    campaign_ports.plug_in(due=bill_reminders.bills_due, told=bill_reminders.bills_told)
    fare_ports.plug_in(cards_of=eligibility.cards_of, payable=RideBills(), shared_how=sharing.of_trip)
    ride_ports.plug_in(RidesTold())
    push_wiring.plug_in()


def exchange_partners(of: Settings) -> dict[str, exchange_ports.Partner]:
    """The partners of points exchange that the settings name."""
    clients: dict[str, Callable[[wire.Peer], exchange_ports.Partner]] = {
        "ipass": IpassClient,
        "okmart": OkMartClient,
        "pxmart": PxMartClient,
        "familymart": FamilyMartClient,
        "seveneleven": SevenElevenClient,
    }
    return {
        each.partner: clients[each.partner](wire.Peer(each.partner, each.url, each.secret, read_timeout_seconds=6.0))
        for each in of.exchange
    }


def taxi_fleets(of: Settings) -> dict[str, fleet_ports.Fleet]:
    """The taxi fleets that the settings name."""
    return {each.fleet: FleetClient(wire.Peer(each.fleet, each.url, each.secret)) for each in of.fleets}

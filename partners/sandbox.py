"""All outside systems in one process: `python -m partners.sandbox`.

Environment: SANDBOX_SEVENELEVEN_SECONDS (how long 7-ELEVEN takes for an order; 1),
SANDBOX_FLEETS_SLOWNESS (how much slower than they are fleets answer; 1),
FLEETS_WEBHOOKS_URL (where fleets tell of their rides; API_URL),
SANDBOX_PORT (8090), SANDBOX_PUSH_PORT (where Firefox connects to the push service; else it cannot),
STATE_DIR (.state), API_URL (http://127.0.0.1:8080), SANDBOX_URL (where browsers reach
the sandbox; http://127.0.0.1:SANDBOX_PORT), and the secrets shared with the city: ACH_SECRET,
JKOPAY_SECRET, LINE_PAY_SECRET, BANK_SECRET, BUREAUS_SECRET,
SMS_SECRET, SMS_RESERVE_SECRET, LINE_MESSAGING_TOKEN,
IPASS_SECRET, OKMART_SECRET, PXMART_SECRET, FAMILYMART_SECRET, SEVENELEVEN_SECRET,
YELLOW_SECRET, HARBOUR_SECRET, MOUNTAIN_SECRET, TELEPHONE_SECRET,
STORES_SECRET, LINE_LOGIN_SECRET, GOOGLE_LOGIN_SECRET, MOBILE_ID_SECRET, MOICA_SECRET, IVR_SECRET;
ADYEN_API_KEY, ADYEN_MERCHANT_ACCOUNT, ADYEN_HMAC_KEYS (the first one signs),
and ADYEN_OPENAPI_DIR, a folder with Adyen's published OpenAPI documents to hold its part to.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask
from granian import Granian
from granian.constants import Interfaces

from core.oidc_settings import demo_secret
from core.settings import DEMO_ADYEN_HMAC_KEY
from core.stopping import wake_main_thread_on_signals
from partners import wire
from partners.ach import books as ach_books
from partners.ach import controls as ach_controls
from partners.ach import sandbox as ach
from partners.adyen import control as adyen_control
from partners.adyen import ledger as adyen_ledger
from partners.adyen import sandbox as adyen
from partners.adyen.published import Published
from partners.adyen.shop import PARTNER as ADYEN
from partners.adyen.shop import Shop
from partners.adyen.webhooks import key_of
from partners.bank import accounts, payout_books
from partners.bank import sandbox as bank
from partners.bureaus import sandbox as bureaus
from partners.cap import sandbox as cap
from partners.desk import books_api, exchange_orders, pages, switches, switches_api, webhooks
from partners.desk.books import Books
from partners.desk.protocol import Desk
from partners.desk.switches import Switchboard
from partners.desk.webhooks import Target, WebhookSender
from partners.ewallets import books as ewallet_books
from partners.ewallets import controls as ewallet_controls
from partners.ewallets import sandbox as ewallets
from partners.familymart import sandbox as familymart
from partners.fcm import book as push_book
from partners.fcm import sandbox as fcm
from partners.fleets import books as fleet_books
from partners.fleets import driving as fleet_driving
from partners.fleets import sandbox as fleets
from partners.fleets.houses import HOUSES as FLEETS
from partners.ipass import sandbox as ipass
from partners.ivr import sandbox as ivr
from partners.library import sandbox as library
from partners.library import visits as library_visits
from partners.line import sandbox as line
from partners.moica import cards as moica_cards
from partners.moica import sandbox as moica
from partners.moica.authority import Authority
from partners.oidc import accounts as oidc_accounts
from partners.oidc import sandbox as oidc
from partners.okmart import sandbox as okmart
from partners.osrm import sandbox as osrm
from partners.pxmart import sandbox as pxmart
from partners.seveneleven import sandbox as seveneleven
from partners.sms import sandbox as sms
from partners.stores import closing as stores_closing
from partners.stores import sandbox as stores
from partners.webpush import browsers as webpush_browsers
from partners.webpush import sandbox as webpush
from partners.webpush import service as webpush_service

THREADS = 64
_SECRET_NAMES = (
    "ach", "jkopay", "line_pay", "bank", "bureaus", "sms", "stores", "moica", "line_login", "google_login", "mobile_id",
    "ivr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the sandboxes share with the city, one secret for each system that signs."""

    bank: str = "sandbox-bank-secret"
    bureaus: str = "sandbox-bureaus-secret"
    sms: str = "sandbox-sms-secret"
    sms_reserve: str = "sandbox-sms-reserve-secret"
    line_messaging_token: str = "sandbox-line-messaging-token"  # noqa: S105
    ach: str = "sandbox-ach-secret"
    jkopay: str = "sandbox-jkopay-secret"
    line_pay: str = "sandbox-line-pay-secret"
    stores: str = "sandbox-stores-secret"
    line_login: str = demo_secret("line")
    google_login: str = demo_secret("google")
    mobile_id: str = demo_secret("mobile_id")
    moica: str = "sandbox-moica-secret"
    ivr: str = "sandbox-ivr-secret"
    ipass: str = "sandbox-ipass-secret"
    okmart: str = "sandbox-okmart-secret"
    pxmart: str = "sandbox-pxmart-secret"
    familymart: str = "sandbox-familymart-secret"
    seveneleven: str = "sandbox-seveneleven-secret"
    yellow: str = "sandbox-yellow-secret"
    harbour: str = "sandbox-harbour-secret"
    mountain: str = "sandbox-mountain-secret"
    telephone: str = "sandbox-telephone-secret"
    adyen_api_key: str = "sandbox-adyen-key"
    adyen_merchant_account: str = "KaohsiungCity"
    adyen_hmac_keys: str = DEMO_ADYEN_HMAC_KEY


def create_app(
    state_dir: Path,
    api_url: str,
    own_url: str,
    shared: Secrets | None = None,
    adyen_openapi: Path | None = None,
    issuer: str = "http://localhost:8080",
    push_port: int = 0,
    fleets_url: str = "",
) -> Flask:
    """The sandbox as a WSGI application, its books in `state_dir`/sandbox.db, its webhooks to `api_url`/v1/webhooks.

    `adyen_openapi` is a folder with Adyen's published OpenAPI documents, to which its part is then held. `issuer`
    is the city's own address for browsers, where the library's people sign in. At `push_port` browsers connect to the
    push service; 0: they cannot. Fleets tell of their rides at `fleets_url`, when it is another than `api_url`.
    """
    shared = shared or Secrets()
    schemas = (
        ach_books.SCHEMA,
        ewallet_books.SCHEMA,
        switches.SCHEMA,
        webhooks.SCHEMA,
        accounts.SCHEMA,
        payout_books.SCHEMA,
        bureaus.SCHEMA,
        sms.SCHEMA,
        line.SCHEMA,
        push_book.SCHEMA,
        webpush_service.SCHEMA,
        stores_closing.SCHEMA,
        exchange_orders.SCHEMA,
        pxmart.SCHEMA,
        oidc_accounts.SCHEMA,
        adyen_ledger.SCHEMA,
        moica_cards.SCHEMA,
        library_visits.SCHEMA,
        cap.SCHEMA,
        fleet_books.SCHEMA,
    )
    books = Books(
        state_dir / "sandbox.db",
        schemas,
        (accounts.seed, bureaus.seed, sms.seed, ach_books.seed, oidc_accounts.seed, moica_cards.seed),
        added=(*webhooks.ADDED_COLUMNS, *bureaus.ADDED_COLUMNS),
    )
    city = wire.Peer("city", api_url, shared.bank, connect_timeout_seconds=2.0, read_timeout_seconds=10.0)
    targets = {
        "bank": Target(city, "/v1/webhooks/bank"),
        ADYEN: Target(city, "/v1/webhooks/adyen", is_standard=False),
        "seveneleven": Target(replace(city, secret=shared.seveneleven), "/v1/webhooks/partners/seveneleven"),
    }
    for fleet in FLEETS:
        peer = replace(city, url=fleets_url or api_url, secret=getattr(shared, fleet))
        targets[fleet] = Target(peer, f"/v1/webhooks/partners/{fleet}")
    sender = WebhookSender(books, targets)
    desk = Desk(books, Switchboard(books), sender)
    app = Flask(__name__, static_folder=None, template_folder="desk/templates")
    app.register_blueprint(bank.blueprint(desk, shared.bank, own_url))
    app.register_blueprint(bureaus.blueprint(desk, shared.bureaus))
    app.register_blueprint(sms.blueprint(desk, shared.sms))
    app.register_blueprint(sms.reserve_blueprint(desk, shared.sms_reserve))
    app.register_blueprint(line.blueprint(desk, shared.line_messaging_token))
    pushes = push_book.PushBook(books)
    sending = fcm.Sending(desk, pushes, shared.bank)
    app.register_blueprint(fcm.blueprint(desk, sending, shared.bank))
    app.wsgi_app = fcm.ShortWay(app.wsgi_app, sending)  # type: ignore[method-assign]
    push_service = webpush_service.PushService(books)
    app.register_blueprint(webpush.blueprint(desk, push_service, own_url))
    app.register_blueprint(ach.blueprint(desk, shared.ach, own_url))
    app.register_blueprint(ach_controls.blueprint(desk))
    app.register_blueprint(ewallets.blueprint(desk, "jkopay", shared.jkopay, own_url))
    app.register_blueprint(ewallets.blueprint(desk, "line_pay", shared.line_pay, own_url))
    app.register_blueprint(ewallet_controls.blueprint(desk))
    app.register_blueprint(stores.blueprint(desk, shared.stores))
    app.register_blueprint(ipass.blueprint(desk, shared.ipass))
    app.register_blueprint(okmart.blueprint(desk, shared.okmart))
    app.register_blueprint(pxmart.blueprint(desk, shared.pxmart))
    app.register_blueprint(familymart.blueprint(desk, shared.familymart))
    app.register_blueprint(seveneleven.blueprint(desk, shared.seveneleven))
    logins = {"line": shared.line_login, "google": shared.google_login, "mobile_id": shared.mobile_id}
    app.register_blueprint(oidc.blueprint(desk, logins, own_url))
    app.register_blueprint(moica.blueprint(desk, shared.moica, Authority(state_dir / "moica", own_url), issuer))
    app.register_blueprint(cap.blueprint(desk))
    app.register_blueprint(fleets.pages(desk))
    for fleet, house in FLEETS.items():
        app.register_blueprint(fleets.blueprint(desk, house, getattr(shared, fleet)))
    app.register_blueprint(library.blueprint(desk, state_dir, issuer, own_url))
    app.register_blueprint(osrm.blueprint())
    app.register_blueprint(ivr.blueprint(wire.Peer("city", api_url, shared.ivr, read_timeout_seconds=10.0)))
    shop = Shop(
        desk,
        shared.adyen_api_key,
        shared.adyen_merchant_account,
        key_of(shared.adyen_hmac_keys.split()[0]),
        own_url,
        Published(adyen_openapi) if adyen_openapi else None,
    )
    app.register_blueprint(adyen.blueprint(shop))
    app.register_blueprint(adyen_control.blueprint(shop))
    app.register_blueprint(switches_api.blueprint(desk))
    app.register_blueprint(books_api.blueprint(desk))
    app.register_blueprint(pages.blueprint(desk))
    sender.start()
    fleet_driving.start(desk)
    if push_port:
        webpush_browsers.start(push_service, own_url, os.environ.get("SANDBOX_ADDRESS", "127.0.0.1"), push_port)
    return app


def app_from_environment(environment: Mapping[str, str] = os.environ) -> Flask:
    """`create_app` with what the environment says, for the server's worker."""
    wake_main_thread_on_signals()
    _end_with(os.getppid())
    port = environment.get("SANDBOX_PORT") or "8090"
    given = {
        name: environment[f"{name.upper()}_SECRET"]
        for name in (
            "ach",
            "jkopay",
            "line_pay",
            "bank",
            "bureaus",
            "sms",
            "sms_reserve",
            "stores",
            "line_login",
            "google_login",
            "mobile_id",
            "moica",
            "ivr",
            "ipass",
            "okmart",
            "pxmart",
            "familymart",
            "seveneleven",
            *FLEETS,
        )
        if environment.get(f"{name.upper()}_SECRET")
    }
    given |= {
        name: environment[name.upper()]
        for name in ("line_messaging_token", "adyen_api_key", "adyen_merchant_account", "adyen_hmac_keys")
        if environment.get(name.upper())
    }
    published = environment.get("ADYEN_OPENAPI_DIR")
    return create_app(
        Path(environment.get("STATE_DIR") or ".state").absolute(),
        (environment.get("API_URL") or "http://127.0.0.1:8080").rstrip("/"),
        (environment.get("SANDBOX_URL") or f"http://127.0.0.1:{port}").rstrip("/"),
        Secrets(**given),
        Path(published) if published else None,
        (environment.get("PUBLIC_ORIGIN") or f"http://localhost:{environment.get('PORT') or 8080}").rstrip("/"),
        int(environment.get("SANDBOX_PUSH_PORT") or "0"),
        (environment.get("FLEETS_WEBHOOKS_URL") or "").rstrip("/"),
    )


def _end_with(server: int) -> None:
    """Ends this worker once its server is gone: after kill -9 of the server it would keep port and books to itself."""

    def watch() -> None:
        while os.getppid() == server:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=watch, name="watch-the-server", daemon=True).start()


def main() -> None:
    """Serves the sandbox until it is stopped."""
    Granian(
        "partners.sandbox:app_from_environment",
        factory=True,
        interface=Interfaces.WSGI,
        address=os.environ.get("SANDBOX_ADDRESS", "127.0.0.1"),
        port=int(os.environ.get("SANDBOX_PORT") or "8090"),
        # One worker: books, switches and the webhook sender live in one process.
        workers=1,
        blocking_threads=THREADS,
        websockets=False,
        # Connections held on purpose must not hold up the end.
        workers_kill_timeout=2,
    ).serve()


if __name__ == "__main__":
    main()

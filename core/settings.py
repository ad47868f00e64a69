"""Settings come from the environment, are checked once at start, and a wrong one is named in one line."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from core import (
    alert_settings,
    certificate_settings,
    exchange_settings,
    fleet_settings,
    oidc_settings,
    web_push_settings,
)

# The sandbox signs with it; it is a secret of nobody.
DEMO_ADYEN_HMAC_KEY = "6d792d6b616f687369756e672d73616e64626f782d616479656e2d6b65792d31"


class SettingWrong(Exception):
    """A setting that cannot be used: the message names it, what it holds and what it should hold."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between one laptop and the city's data centre. See docs/settings.md."""

    database_url: str
    broker_url: str
    public_origin: str
    sandbox_url: str
    state_dir: Path
    port: int
    sandbox_port: int
    sandbox_push_port: int
    is_demo: bool
    api_workers: int
    api_threads: int
    database_connections: int
    data_key: bytes
    index_key: bytes
    bank_url: str
    bank_secret: str
    points_bank_account: str
    bureaus_url: str
    bureaus_secret: str
    sms_url: str
    sms_secret: str
    sms_reserve_url: str
    sms_reserve_secret: str
    line_messaging_url: str
    line_messaging_token: str
    paid_month_twd: int
    ivr_secret: str
    stores_url: str
    stores_secret: str
    ach_url: str
    ach_secret: str
    exchange: tuple[exchange_settings.ExchangeSettings, ...]
    fleets: tuple[fleet_settings.FleetSettings, ...]
    ewallets_url: str
    jkopay_secret: str
    line_pay_secret: str
    fcm_url: str
    fcm_project: str
    fcm_credentials_file: str
    web_push: web_push_settings.WebPushSettings
    alerts: alert_settings.AlertSettings
    adyen_url: str
    adyen_api_key: str
    adyen_merchant_account: str
    treasury_account: str
    adyen_is_live: bool
    adyen_hmac_keys: tuple[bytes, ...]
    adyen_reports_url: str
    oidc: tuple[oidc_settings.OidcSettings, ...]
    osrm_url: str
    moica_url: str
    moica_secret: str
    certificates: certificate_settings.CertificateSettings
    argon2_memory_kib: int
    campaign_link_domains: tuple[str, ...]
    trusted_proxies: int
    owns_database: bool
    owns_broker: bool

    @property
    def rp_id(self) -> str:
        """The WebAuthn relying party id: the host of the public origin."""
        return urlsplit(self.public_origin).hostname or "localhost"


@cache
def settings() -> Settings:
    """The settings of this process, read from its environment once."""
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from `environment`; raises SettingWrong for the first one that cannot be used."""
    state_dir = Path(environment.get("STATE_DIR") or ".state").absolute()
    port = _number(environment, "PORT", 8080, at_least=1, at_most=65535)
    sandbox_port = _number(environment, "SANDBOX_PORT", 8090, at_least=1, at_most=65535)
    sandbox_push_port = _number(environment, "SANDBOX_PUSH_PORT", 8091, at_least=1, at_most=65535)
    if port == sandbox_port:
        raise SettingWrong(f"SANDBOX_PORT={sandbox_port} is the same as PORT: choose two different ports")
    if sandbox_push_port in (port, sandbox_port):
        raise SettingWrong(f"SANDBOX_PUSH_PORT={sandbox_push_port} is used for something else: choose another port")
    sandbox_url = _url(environment, "SANDBOX_URL", f"http://127.0.0.1:{sandbox_port}", ("http", "https"))
    database_url = environment.get("DATABASE_URL", "")
    broker_url = environment.get("BROKER_URL", "")
    is_demo = _flag(environment, "MYKH_DEMO", default=not environment.get("BANK_URL"))
    data_key, index_key = _keys(environment, is_demo=is_demo)
    if environment.get("CLOCK_AHEAD_FILE") and not is_demo:
        raise SettingWrong("CLOCK_AHEAD_FILE is for the demo: anywhere else the clock is right")
    sms_reserve_url = environment.get("SMS_RESERVE_URL", f"{sandbox_url}/sms-reserve" if is_demo else "")
    fcm_url = environment.get("FCM_URL", f"{sandbox_url}/fcm" if is_demo else "")
    certificates = certificate_settings.read(
        environment, sandbox_url=sandbox_url, state_dir=state_dir, is_demo=is_demo, wrong=SettingWrong
    )
    return Settings(
        database_url=_url(environment, "DATABASE_URL", "", ("postgresql", "postgres")) if database_url else "",
        broker_url=_url(environment, "BROKER_URL", "", ("redis", "rediss", "redis+socket", "amqp", "amqps"))
        if broker_url
        else "",
        public_origin=_origin(environment, "PUBLIC_ORIGIN", f"http://localhost:{port}"),
        sandbox_url=sandbox_url,
        state_dir=state_dir,
        port=port,
        sandbox_port=sandbox_port,
        sandbox_push_port=sandbox_push_port,
        is_demo=is_demo,
        api_workers=_number(environment, "API_WORKERS", 2, at_least=1, at_most=256),
        api_threads=_number(environment, "API_THREADS", 16, at_least=1, at_most=512),
        database_connections=_number(environment, "DATABASE_CONNECTIONS", 30, at_least=1, at_most=1000),
        data_key=data_key,
        index_key=index_key,
        bank_url=_url(environment, "BANK_URL", f"{sandbox_url}/bank", ("http", "https")),
        bank_secret=_secret(environment, "BANK_SECRET", "sandbox-bank-secret", is_demo=is_demo),
        points_bank_account=environment.get("POINTS_BANK_ACCOUNT") or ("901790000002" if is_demo else ""),
        bureaus_url=_url(environment, "BUREAUS_URL", f"{sandbox_url}/bureaus", ("http", "https")),
        bureaus_secret=_secret(environment, "BUREAUS_SECRET", "sandbox-bureaus-secret", is_demo=is_demo),
        sms_url=_url(environment, "SMS_URL", f"{sandbox_url}/sms", ("http", "https")),
        sms_secret=_secret(environment, "SMS_SECRET", "sandbox-sms-secret", is_demo=is_demo),
        sms_reserve_url=_url(environment, "SMS_RESERVE_URL", sms_reserve_url, ("http", "https"))
        if sms_reserve_url
        else "",
        # Where there is no second telephone company there is nothing to share with it.
        sms_reserve_secret=_secret(
            environment, "SMS_RESERVE_SECRET", "sandbox-sms-reserve-secret", is_demo=is_demo or not sms_reserve_url
        ),
        line_messaging_url=_url(
            environment,
            "LINE_MESSAGING_URL",
            f"{sandbox_url}/line-messaging" if is_demo else "https://api.line.me",
            ("http", "https"),
        ),
        line_messaging_token=environment.get("LINE_MESSAGING_TOKEN")
        or ("sandbox-line-messaging-token" if is_demo else ""),
        paid_month_twd=_number(environment, "PAID_MONTH_TWD", 50_000 if is_demo else 0, at_least=0, at_most=10**9),
        stores_url=_url(environment, "STORES_URL", f"{sandbox_url}/stores", ("http", "https")),
        stores_secret=_secret(environment, "STORES_SECRET", "sandbox-stores-secret", is_demo=is_demo),
        ach_url=_url(environment, "ACH_URL", f"{sandbox_url}/ach", ("http", "https")),
        ach_secret=_secret(environment, "ACH_SECRET", "sandbox-ach-secret", is_demo=is_demo),
        exchange=exchange_settings.read(
            environment, sandbox_url=sandbox_url, is_demo=is_demo, url=_url, secret=_secret
        ),
        fleets=fleet_settings.read(
            environment, sandbox_url=sandbox_url, is_demo=is_demo, url=_url, secret=_secret, wrong=SettingWrong
        ),
        ewallets_url=_url(environment, "EWALLETS_URL", f"{sandbox_url}/ewallets", ("http", "https")),
        jkopay_secret=_secret(environment, "JKOPAY_SECRET", "sandbox-jkopay-secret", is_demo=is_demo),
        line_pay_secret=_secret(environment, "LINE_PAY_SECRET", "sandbox-line-pay-secret", is_demo=is_demo),
        ivr_secret=_secret(environment, "IVR_SECRET", "sandbox-ivr-secret", is_demo=is_demo),
        fcm_url=_url(environment, "FCM_URL", fcm_url, ("http", "https")) if fcm_url else "",
        fcm_project=environment.get("FCM_PROJECT", "mykaohsiung-demo"),
        fcm_credentials_file=_service_account(environment, "FCM_CREDENTIALS_FILE", is_needed=not fcm_url),
        alerts=alert_settings.read(
            environment, sandbox_url=sandbox_url, is_demo=is_demo, url=_url, number=_number, flag=_flag
        ),
        web_push=web_push_settings.read(
            environment, sandbox_url=sandbox_url, state_dir=state_dir, is_demo=is_demo, wrong=SettingWrong
        ),
        adyen_url=_url(environment, "ADYEN_URL", f"{sandbox_url}/adyen/v72", ("http", "https")),
        adyen_api_key=environment.get("ADYEN_API_KEY") or ("sandbox-adyen-key" if is_demo else ""),
        treasury_account=environment.get("TREASURY_ACCOUNT") or "9017-9000-0001",
        adyen_merchant_account=environment.get("ADYEN_MERCHANT_ACCOUNT") or "KaohsiungCity",
        adyen_is_live=_flag(environment, "ADYEN_IS_LIVE", default=False),
        adyen_hmac_keys=_hmac_keys(environment, "ADYEN_HMAC_KEYS", is_demo=is_demo),
        adyen_reports_url=_url(
            environment, "ADYEN_REPORTS_URL", f"{sandbox_url}/adyen/reports/download", ("http", "https")
        ),
        oidc=oidc_settings.read(
            environment, sandbox_url=sandbox_url, is_demo=is_demo, url=_url, secret=_secret, wrong=SettingWrong
        ),
        osrm_url=_url(environment, "OSRM_URL", "", ("http", "https")).rstrip("/")
        if environment.get("OSRM_URL")
        else "",
        moica_url=_url(environment, "MOICA_URL", f"{sandbox_url}/moica", ("http", "https")),
        # Where nobody signs in by certificate there is nobody to ask.
        moica_secret=_secret(
            environment, "MOICA_SECRET", "sandbox-moica-secret", is_demo=is_demo or certificates.roots_file is None
        ),
        certificates=certificates,
        argon2_memory_kib=_number(environment, "ARGON2_MEMORY_KIB", 65536, at_least=64, at_most=4_194_304),
        campaign_link_domains=_domains(environment, "CAMPAIGN_LINK_DOMAINS", "kcg.gov.tw,gov.tw"),
        trusted_proxies=_number(environment, "TRUSTED_PROXIES", 0, at_least=0, at_most=8),
        owns_database=not database_url,
        owns_broker=not broker_url,
    )


def _number(environment: Mapping[str, str], name: str, default: int, *, at_least: int, at_most: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and at_least <= int(text) <= at_most):
        raise SettingWrong(f"{name}={text!r} should be a whole number from {at_least} to {at_most}")
    return int(text)


def _domains(environment: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    text = environment.get(name) or default
    domains = tuple(each.strip() for each in text.split(","))
    if not all(re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", each) for each in domains):
        raise SettingWrong(f"{name}={text!r} should be domains in lower case with commas between, such as kcg.gov.tw")
    return domains


def _flag(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environment.get(name, "")
    if text not in ("", "0", "1"):
        raise SettingWrong(f"{name}={text!r} should be 0 or 1")
    return default if text == "" else text == "1"


def _url(environment: Mapping[str, str], name: str, default: str, schemes: tuple[str, ...]) -> str:
    text = environment.get(name) or default
    try:
        parts = urlsplit(text)
        reachable = bool(parts.hostname) or parts.scheme == "redis+socket" or "host=" in parts.query
        assert parts.port is None or parts.port > 0
    except (ValueError, AssertionError):
        reachable, parts = False, urlsplit("")
    if parts.scheme not in schemes or not reachable:
        # The value may hold a password, so only its scheme is shown.
        raise SettingWrong(f"{name} should be an address beginning with {' or '.join(s + '://' for s in schemes)}")
    return text


def _origin(environment: Mapping[str, str], name: str, default: str) -> str:
    origin = _url(environment, name, default, ("http", "https")).rstrip("/")
    parts = urlsplit(origin)
    # Browsers send the Origin in this form alone, and it is compared letter by letter.
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc or origin != origin.lower():
        raise SettingWrong(
            f"{name} should be scheme, host and port alone, in lower case, such as https://my.kcg.gov.tw"
        )
    return origin


def _secret(environment: Mapping[str, str], name: str, demo_value: str, *, is_demo: bool) -> str:
    text = environment.get(name, "")
    if not text and not is_demo:
        raise SettingWrong(f"{name} is not set: outside the demo every partner needs a secret of its own")
    return text or demo_value


def _hmac_keys(environment: Mapping[str, str], name: str, *, is_demo: bool) -> tuple[bytes, ...]:
    text = environment.get(name) or (DEMO_ADYEN_HMAC_KEY if is_demo else "")
    if not text and environment.get("ADYEN_API_KEY"):
        raise SettingWrong(f"{name} is not set: with ADYEN_API_KEY cards are taken, and notices must be proven")
    try:
        keys = tuple(binascii.a2b_hex(key) for key in text.split())
    except ValueError:
        keys = (b"",)
    if any(len(key) != 32 for key in keys):
        raise SettingWrong(f"{name} should be keys of 64 hexadecimal digits, the current one first")
    return keys


def _service_account(environment: Mapping[str, str], name: str, *, is_needed: bool) -> str:
    path = environment.get(name, "")
    if not path and is_needed:
        raise SettingWrong(f"{name} is not set: without FCM_URL pushes go to Google, which wants a service account")
    if path and not (Path(path).is_file() and os.access(path, os.R_OK)):
        raise SettingWrong(f"{name}={path!r} should be a file that can be read: a service account's JSON")
    return path


def _keys(environment: Mapping[str, str], *, is_demo: bool) -> tuple[bytes, bytes]:
    demo: Callable[[str], bytes] = lambda label: (label.encode() * 32)[:32]  # noqa: E731
    keys = []
    for name, label in (("DATA_KEY", "demo-data-key."), ("INDEX_KEY", "demo-index-key.")):
        text = environment.get(name, "")
        if not text and is_demo:
            keys.append(demo(label))
            continue
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            raise SettingWrong(f"{name} should be 32 random bytes in base64 (openssl rand -base64 32)")
        keys.append(key)
    return keys[0], keys[1]

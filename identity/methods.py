"""The ways to sign in: what there is, what each can reach, and which of them a person has set up.

One row for each way; a way that is not in the table is not offered anywhere. What a row's methods are worth is not said
here: `identity.levels` knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.text import Text
from identity import federation_ports, levels, new_passkeys
from identity.actors import Actor

IsSetUp = Callable[[Session, UUID], bool]


@dataclass(frozen=True, slots=True)
class Method:
    """One way to sign in.

    `amr` is what a session begun so says of itself (RFC 8176), at its best. `proves_identity`: it comes with evidence
    that was checked in person, so that it reaches what the person's proofing does not reach yet, and a first passkey
    can be made from it. `is_set_up` says whether a person can use it; None where nothing has to be set up, or where
    nobody but the outside can know. `is_offered` says whether this installation has it; None: always.
    """

    id: str
    label: Text
    hint: Text
    amr: tuple[str, ...]
    proves_identity: bool = False
    is_set_up: IsSetUp | None = None
    is_offered: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to sign in that reaches what was asked. `is_set_up` and `can_be_set_up_now` are None where not known, and
    where nobody is signed in."""

    method: Method
    strength: levels.Strength
    is_set_up: bool | None = None
    can_be_set_up_now: bool | None = None


def _asks(query: str) -> IsSetUp:
    statement = text(query)
    return lambda session, person_id: bool(session.execute(statement, {"person_id": person_id}).scalar())


def _social(provider: str, name: str) -> Method:
    return Method(
        provider,
        Text(f"以 {name} 登入", f"Sign in with {name}"),
        Text("要先連結；可以收通知、看一般資訊", "Once it is linked; for notices and general information"),
        ("fed",),
        is_set_up=lambda session, person_id: bool(
            session.execute(_HAS_LINKED, {"person_id": person_id, "provider": provider}).scalar()
        ),
        is_offered=partial(federation_ports.is_offered, provider),
    )


METHODS: tuple[Method, ...] = (
    Method(
        "passkey",
        Text("通行金鑰（指紋、臉部或螢幕鎖）", "Passkey (fingerprint, face or screen lock)"),
        Text("最安全，什麼都不必輸入", "Safest, with nothing to type"),
        ("hwk", "user"),
        is_set_up=_asks("SELECT EXISTS (SELECT FROM identity.passkey WHERE person_id = :person_id)"),
    ),
    Method(
        "password_sms",
        Text("密碼與簡訊驗證碼", "Password and a code by text message"),
        Text(
            "可以看帳單；連結帳戶和繳費要用通行金鑰", "To look at bills; linking an account and paying take a passkey"
        ),
        ("pwd", "sms"),
        is_set_up=_asks(
            "SELECT password_hash IS NOT NULL AND mobile_index IS NOT NULL FROM identity.person WHERE id = :person_id"
        ),
    ),
    Method(
        "certificate",
        Text("自然人憑證", "Citizen Digital Certificate"),
        Text("插卡並輸入 PIN；不需先註冊", "With the card, a reader and its PIN; no need to register first"),
        ("sc", "pin"),
        proves_identity=True,
    ),
    Method(
        "password_totp",
        Text("密碼與驗證器 App", "Password and a code of an app"),
        Text("不經過電信業者；繳費要用通行金鑰", "No telephone company in between; paying takes a passkey"),
        ("pwd", "otp"),
        is_set_up=_asks(
            "SELECT EXISTS (SELECT FROM identity.totp WHERE person_id = :person_id AND confirmed_at IS NOT NULL)"
        ),
    ),
    Method(
        "recovery_code",
        Text("密碼與復原碼", "Password and a recovery code"),
        Text("手機不在身邊時，用您印出的復原碼", "When the telephone is gone: one of the codes that you have printed"),
        ("pwd", "rc"),
        is_set_up=_asks(
            "SELECT EXISTS (SELECT FROM identity.recovery_code WHERE person_id = :person_id AND used_at IS NULL)"
        ),
    ),
    Method(
        "mobile_id",
        Text("行動自然人憑證", "Mobile ID"),
        Text(
            "手機 App 掃指紋，不必讀卡機；第一次用也會完成註冊",
            "Your fingerprint in its app, no card reader; the first time it registers you, too",
        ),
        ("mob", "user", "mfa"),
        proves_identity=True,
        is_offered=partial(federation_ports.is_offered, "mobile_id"),
    ),
    Method(
        "card",
        Text("密碼卡與 PIN", "Printed card and PIN"),
        Text(
            "給沒有智慧型手機的人；看帳單、叫車，不能繳費",
            "For people without a smartphone: bills and rides, never to pay",
        ),
        ("card", "pin"),
        is_set_up=_asks(
            "SELECT EXISTS (SELECT FROM identity.printed_card WHERE person_id = :person_id AND ended_at IS NULL)"
        ),
    ),
    _social("line", "LINE"),
    _social("google", "Google"),
    _social("apple", "Apple"),
)


def reaching(loa: int, *, is_phishing_resistant: bool = False) -> list[Offer]:
    """The ways that can reach this level, the table's order; nothing is said of anybody."""
    return [
        Offer(method, strength)
        for method in METHODS
        for strength in (levels.strength_of(method.amr),)
        if strength.level >= loa and (strength.is_phishing_resistant or not is_phishing_resistant)
        if method.is_offered is None or method.is_offered()
    ]


def reaching_for(
    session: Session, actor: Actor, loa: int, *, is_phishing_resistant: bool = False, now: datetime
) -> list[Offer]:
    """The same for somebody who is signed in: only what reaches the level with how they were proved, and what of it
    they have set up."""
    proofing: int = session.execute(_PROOFING, {"person_id": actor.id}).scalar_one()
    return [
        _of_person(session, actor, offer, loa, now=now)
        for offer in reaching(loa, is_phishing_resistant=is_phishing_resistant)
        if proofing >= loa or offer.method.proves_identity
    ]


def _of_person(session: Session, actor: Actor, offer: Offer, loa: int, *, now: datetime) -> Offer:
    method = offer.method
    is_set_up = method.is_set_up(session, actor.id) if method.is_set_up else None
    if method.id != "passkey":
        return Offer(method, offer.strength, is_set_up)
    # A key that is synced reaches less than one that stays in its device.
    reaches = is_set_up and (
        loa < levels.strength_of(method.amr).level or new_passkeys.has_device_bound(session, actor.id)
    )
    return Offer(method, offer.strength, bool(reaches), new_passkeys.may_add(session, actor, now=now))


_HAS_LINKED = text(
    "SELECT EXISTS (SELECT FROM identity.linked_account WHERE person_id = :person_id AND provider = :provider)"
)
_PROOFING = text("SELECT proofing_level FROM identity.person WHERE id = :person_id")

"""What a rider needs of a vehicle and of its driver: said once, used for every request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.riders import phones
from accessibility.riders.errors import ChairSizeUnlikely, PhoneNumberWrong
from core import crypto
from core.errors import PreconditionFailed
from core.text import Text

ChairKind = Literal["none", "manual", "electric", "scooter"]
Need = Literal["door_to_door", "through_the_door", "never_alone", "step_help", "oxygen"]
ContactWay = Literal["app", "sms", "telephone"]
CHAIR_KINDS: Final[tuple[ChairKind, ...]] = get_args(ChairKind)
NEEDS: Final[tuple[Need, ...]] = get_args(Need)
CONTACT_WAYS: Final[tuple[ContactWay, ...]] = get_args(ContactWay)
MOST_COMPANIONS: Final = 8
_TABLE: Final = "accessibility.rider"

MEASURES: Final[Mapping[str, tuple[int, int]]] = {"width_cm": (35, 120), "length_cm": (50, 200), "weight_kg": (20, 500)}
"""Between what the size of an occupied wheelchair or scooter lies: wider than any (ISO 7176-5 sets 70 by 120 cm, 300 kg
as the greatest usual), narrower than a mistyped number."""


@dataclass(frozen=True, slots=True)
class Wheelchair:
    """What the vehicle must have room for, in centimetres; `weight_kg` is that of chair and person, where known."""

    kind: ChairKind
    width_cm: int
    length_cm: int
    weight_kg: int | None = None


@dataclass(frozen=True, slots=True)
class RiderProfile:
    """A rider. `version` 0: nothing was saved yet, and these are the defaults.

    `needs` are functions of the ride and no diagnosis. `fleet_order` are codes of fleets, the rider's favourite first.
    `contact_phone` is in digits with its leading zero; None: the mobile of the account.
    """

    rider_id: UUID
    version: int = 0
    wheelchair: Wheelchair | None = None
    can_transfer: bool = True
    companions_usual: int = 0
    has_service_dog: bool = False
    needs: tuple[Need, ...] = ()
    languages: tuple[str, ...] = ("zh-TW",)
    contact_way: ContactWay = "app"
    contact_phone: str | None = None
    fleet_order: tuple[str, ...] = ()
    notes_for_driver: str = ""

    @property
    def functions(self) -> tuple[str, ...]:
        """The same as the codes of functions of `partners.fleets.contents.FUNCTIONS`, which fleets are asked with."""
        wanted = []
        if self.wheelchair is not None:
            # The chair needs its place also where its rider sits on a seat.
            wanted += ["W", "WT"] if self.can_transfer else ["W"]
            wanted += {"electric": ["E"], "scooter": ["S"]}.get(self.wheelchair.kind, [])
            if self.wheelchair.width_cm > WIDE_CM:
                wanted.append("WW")
        if self.has_service_dog:
            wanted.append("SA")
        codes = {"oxygen": "O", "never_alone": "NLA", "door_to_door": "D2D", "through_the_door": "DTD"}
        return (*wanted, *(codes[need] for need in self.needs if need in codes))


WIDE_CM: Final = 70
"""A wheelchair wider than this is a wide one (ISO 7176-5)."""


def of(session: Session, rider_id: UUID) -> RiderProfile:
    """This person's profile, or the defaults of somebody who has not written anything yet."""
    row = session.execute(_OF, {"rider": rider_id}).one_or_none()
    return RiderProfile(rider_id) if row is None else _profile(row)


def save(session: Session, wanted: RiderProfile, *, now: datetime) -> RiderProfile:
    """Write down a profile that was read at `wanted.version` (0: there was none).

    Raises PreconditionFailed where it has changed since, ChairSizeUnlikely, PhoneNumberWrong.
    """
    checked = _checked(wanted)
    phone = _sealed("contact_phone", checked.contact_phone, checked.rider_id)
    notes = _sealed("notes", checked.notes_for_driver, checked.rider_id)
    chair = checked.wheelchair
    row = session.execute(
        _ADD if wanted.version == 0 else _CHANGE,
        {"rider": checked.rider_id, "version": wanted.version, "kind": chair.kind if chair else "none",
         "width": chair.width_cm if chair else None, "length": chair.length_cm if chair else None,
         "weight": chair.weight_kg if chair else None, "can_transfer": checked.can_transfer,
         "companions": checked.companions_usual, "dog": checked.has_service_dog, "needs": list(checked.needs),
         "languages": list(checked.languages), "way": checked.contact_way, "phone": phone,
         "fleets": list(checked.fleet_order), "notes": notes, "now": now},
    ).one_or_none()  # fmt: skip
    if row is None:
        raise PreconditionFailed
    return _profile(row)


def _checked(wanted: RiderProfile) -> RiderProfile:
    if wanted.wheelchair is not None:
        _check_size(wanted.wheelchair)
    phone = phones.tidy(wanted.contact_phone) if wanted.contact_phone else None
    if wanted.contact_way == "sms" and phone is not None and not phones.can_take_texts(phone):
        raise PhoneNumberWrong(
            Text("簡訊要送到手機號碼（09 開頭）。", "Text messages go to a mobile number (it begins with 09).")
        )
    return replace(wanted, contact_phone=phone, notes_for_driver=" ".join(wanted.notes_for_driver.split()))


def _check_size(chair: Wheelchair) -> None:
    wrong = [
        {"measure": name, "least": least, "most": most}
        for name, (least, most) in MEASURES.items()
        if (size := getattr(chair, name)) is not None and not least <= size <= most
    ]
    if wrong:
        limits = [_BETWEEN[str(each["measure"])].format(**each) for each in wrong]
        words = Text("，".join(each.zh for each in limits) + "。", ", ".join(each.en for each in limits) + ".")
        raise ChairSizeUnlikely(_PLEASE_MEASURE.format(limits=words), measures=wrong)


_PLEASE_MEASURE: Final = Text("請再量一次：{limits}", "Please measure again: {limits}")
_BETWEEN: Final[Mapping[str, Text]] = {
    "width_cm": Text("寬要在 {least} 到 {most} 公分之間", "a width from {least} to {most} cm"),
    "length_cm": Text(
        "長（含腳踏板）要在 {least} 到 {most} 公分之間", "a length (with foot rests) from {least} to {most} cm"
    ),
    "weight_kg": Text(
        "輪椅和人的總重要在 {least} 到 {most} 公斤之間",
        "a weight (chair and person together) from {least} to {most} kg",
    ),
}


def _sealed(column: str, words: str | None, rider_id: UUID) -> bytes | None:
    return crypto.seal(words, table=_TABLE, column=column, row_id=rider_id) if words else None


def _opened(column: str, sealed: bytes | None, rider_id: UUID) -> str | None:
    return None if sealed is None else crypto.open_sealed(sealed, table=_TABLE, column=column, row_id=rider_id).decode()


def _profile(row: Any) -> RiderProfile:
    chair = None
    if row.chair_kind != "none":
        chair = Wheelchair(row.chair_kind, row.chair_width_cm, row.chair_length_cm, row.chair_weight_kg)
    return RiderProfile(
        row.rider_id, row.version, chair, row.can_transfer, row.companions_usual, row.has_service_dog,
        tuple(row.needs), tuple(row.languages), row.contact_way,
        _opened("contact_phone", row.contact_phone_sealed, row.rider_id), tuple(row.fleet_order),
        _opened("notes", row.notes_sealed, row.rider_id) or "",
    )  # fmt: skip


_OF = text("SELECT * FROM accessibility.rider WHERE rider_id = :rider")
_ADD = text(
    """
    INSERT INTO accessibility.rider (rider_id, version, chair_kind, chair_width_cm, chair_length_cm, chair_weight_kg,
                                     can_transfer, companions_usual, has_service_dog, needs, languages, contact_way,
                                     contact_phone_sealed, fleet_order, notes_sealed, changed_at)
    VALUES (:rider, :version + 1, :kind, :width, :length, :weight, :can_transfer, :companions, :dog, :needs, :languages,
            :way, :phone, :fleets, :notes, :now)
    ON CONFLICT (rider_id) DO NOTHING RETURNING *
    """
)
_CHANGE = text(
    """
    UPDATE accessibility.rider
       SET version = version + 1, chair_kind = :kind, chair_width_cm = :width, chair_length_cm = :length,
           chair_weight_kg = :weight, can_transfer = :can_transfer, companions_usual = :companions,
           has_service_dog = :dog, needs = :needs, languages = :languages, contact_way = :way,
           contact_phone_sealed = :phone, fleet_order = :fleets, notes_sealed = :notes, changed_at = :now
     WHERE rider_id = :rider AND version = :version RETURNING *
    """
)

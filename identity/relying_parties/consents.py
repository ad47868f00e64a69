"""What people agreed to tell which site, for which purpose: given for a year, asked again when a purpose changes.

A consent is of one person for one site. Its purposes are kept as they were shown, so what somebody agreed to can be read
later; a later decision ends the earlier row and adds one. Of a person who acts for another, nobody asks: an agent
agrees to nothing in the other's name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import new_uuid
from identity.actors import Actor
from identity.relying_parties.claims import in_order
from identity.relying_parties.errors import ConsentOfAnother
from identity.relying_parties.models import Consent

LIFE = timedelta(days=365)
Purposes = Mapping[str, Mapping[str, Any]]
"""A site's registered claims, each with its purpose: {"name": {"zh": "…", "en": "…"}}."""


def answer_on_record(
    session: Session, *, person_id: UUID, client_id: str, asked: Collection[str], purposes: Purposes, now: datetime
) -> tuple[str, ...] | None:
    """Which of the claims `asked` this person lets the site have, as they decided before; None: they must be asked.

    They must when they never decided for this site, a year ago, about fewer claims, or for a purpose that reads
    otherwise by now.
    """
    standing = _standing(session, person_id, client_id)
    if standing is None or standing.expires_at <= now:
        return None
    if any(name not in standing.purposes or standing.purposes[name] != _words(purposes[name]) for name in asked):
        return None
    return tuple(name for name in in_order(asked) if name in standing.agreed)


def give(
    session: Session,
    *,
    actor: Actor,
    client_id: str,
    asked: Collection[str],
    agreed: Collection[str],
    purposes: Purposes,
    now: datetime,
) -> Consent:
    """Write down what the person decided about the claims `asked`; what stood for this site before is replaced.

    Earlier decisions about claims not asked this time stay, as long as their purpose reads the same. Raises
    ConsentOfAnother for somebody who acts for somebody else, or in whose place an officer acts.
    """
    if actor.on_behalf_of is not None:
        raise ConsentOfAnother
    assert set(agreed) <= set(asked), "agreed to what was not asked"
    shown = {name: _words(purposes[name]) for name in asked}
    kept = set(agreed)
    before = _standing(session, actor.id, client_id, is_locked=True)
    if before is not None:
        if before.expires_at > now:
            for name, words in before.purposes.items():
                if name not in shown and name in purposes and words == _words(purposes[name]):
                    shown[name] = words
                    kept |= {name} & set(before.agreed)
        before.ended_at, before.end_reason = now, "replaced"
        session.flush()
    consent = Consent(
        person_id=actor.id,
        id=new_uuid(),
        client_id=client_id,
        purposes=shown,
        agreed=in_order(kept),
        given_at=now,
        expires_at=now + LIFE,
    )
    session.add(consent)
    session.flush()
    return consent


def note_use(session: Session, *, person_id: UUID, client_id: str, now: datetime) -> None:
    """Write down that the site was told something by the standing consent just now."""
    session.execute(_NOTE_USE, {"person_id": person_id, "client_id": client_id, "now": now})


def standing_of(session: Session, person_id: UUID, *, now: datetime) -> Sequence[Consent]:
    """This person's consents that stand, the newest first."""
    query = select(Consent).where(Consent.person_id == person_id, Consent.ended_at.is_(None), Consent.expires_at > now)
    return session.scalars(query.order_by(Consent.id.desc())).all()


def end(session: Session, *, person_id: UUID, consent_id: UUID, now: datetime) -> Consent:
    """Take a consent back. Raises NotFound for one of somebody else, or that has ended."""
    consent = session.scalars(
        select(Consent).where(Consent.person_id == person_id, Consent.id == consent_id).with_for_update()
    ).one_or_none()
    if consent is None or consent.ended_at is not None or consent.expires_at <= now:
        raise NotFound
    consent.ended_at, consent.end_reason = now, "revoked"
    session.flush()
    return consent


def end_all_of_client(session: Session, client_id: str, *, now: datetime) -> None:
    """End everybody's consents for a site, which must ask anew should it come back."""
    session.execute(
        update(Consent)
        .where(Consent.client_id == client_id, Consent.ended_at.is_(None))
        .values(ended_at=now, end_reason="suspended")
    )


def _standing(session: Session, person_id: UUID, client_id: str, *, is_locked: bool = False) -> Consent | None:
    query = select(Consent).where(
        Consent.person_id == person_id, Consent.client_id == client_id, Consent.ended_at.is_(None)
    )
    return session.scalars(query.with_for_update() if is_locked else query).one_or_none()


def _words(purpose: Mapping[str, Any]) -> dict[str, str]:
    return {"zh": str(purpose["zh"]), "en": str(purpose["en"])}


_NOTE_USE = text(
    """
    UPDATE identity.consent SET last_used_at = :now
     WHERE person_id = :person_id AND client_id = :client_id AND ended_at IS NULL
       AND (last_used_at IS NULL OR last_used_at < CAST(:now AS timestamptz) - interval '1 minute')
    """
)

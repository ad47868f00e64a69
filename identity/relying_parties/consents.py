"""What people agreed to tell which site, for which purpose: given for a year, asked again when a purpose changes.

A consent is of one person for one site. Its purposes are kept as they were shown, so what somebody agreed to can be
read later; a later decision ends the earlier row and adds one. Somebody who acts for another agrees to nothing in the
other's name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import db
from core.errors import NotFound
from core.ids import new_uuid
from identity.actors import Actor
from identity.provider import grants
from identity.provider.claims import agreed as claims_agreed
from identity.provider.claims import to_agree_to
from identity.provider.models import RelyingParty
from identity.relying_parties.errors import ConsentOfAnother
from identity.relying_parties.models import Consent

LIFE = timedelta(days=365)
_ENDED_PER_SWEEP = 200
_WORTH_ASKING = frozenset({"openid", "offline_access"})


class Keeper:
    """What the provider asks (`identity.provider.consent_port.Consents`)."""

    def covering(
        self,
        session: Session,
        *,
        person_id: UUID,
        client: RelyingParty,
        scopes: Collection[str],
        claims: Collection[str],
        now: datetime,
    ) -> frozenset[str] | None:
        """Of these claims, those this person lets the site have, as they decided before; None: they must be asked.

        They must when they never decided for this site, a year ago, about less, or for purposes that read otherwise.
        """
        # Locked, so that a code is issued either before the consent is taken back, and dies with it, or not at all.
        standing = _standing(session, person_id, client.client_id, is_locked=True)
        if standing is None or standing.expires_at <= now:
            return None
        if not _WORTH_ASKING & set(scopes) <= set(standing.scopes):
            return None
        asked = to_agree_to(claims)
        if any(standing.purposes.get(name) != _words(client.claims, name) for name in asked):
            return None
        session.execute(_NOTE_USE, {"person_id": person_id, "id": standing.id, "now": now})
        return frozenset(claims_agreed(claims, standing.agreed))


def give(
    session: Session,
    *,
    actor: Actor,
    client: RelyingParty,
    scopes: Collection[str],
    asked: Collection[str],
    agreed: Collection[str],
    now: datetime,
) -> Consent:
    """Write down what the person decided about the claims `asked`; what stood for this site before is replaced.

    Earlier decisions about claims not asked this time stay, as long as their purpose reads the same. Raises
    ConsentOfAnother for somebody who acts for somebody else, and where an officer acts beside the person.
    """
    refuse_for_another(actor)
    assert set(agreed) <= set(asked), "agreed to what was not asked"
    # Two decisions at once are taken one after the other: a person has one standing consent for a site.
    session.execute(_ONE_AT_A_TIME, {"key": f"{actor.id} {client.client_id}"})
    shown = {name: _words(client.claims, name) for name in asked}
    kept, about = set(agreed), _WORTH_ASKING & set(scopes)
    before = _standing(session, actor.id, client.client_id)
    if before is not None:
        if before.expires_at > now:
            about |= set(before.scopes)
            for name, words in before.purposes.items():
                if name not in shown and name in client.claims and words == _words(client.claims, name):
                    shown[name] = words
                    kept |= {name} & set(before.agreed)
        before.ended_at, before.end_reason = now, "replaced"
        session.flush()
    consent = Consent(
        person_id=actor.id,
        id=new_uuid(),
        client_id=client.client_id,
        purposes=shown,
        agreed=sorted(kept),
        scopes=sorted(about),
        given_at=now,
        expires_at=now + LIFE,
        last_used_at=now,
    )
    session.add(consent)
    session.flush()
    return consent


def refuse_for_another(actor: Actor) -> None:
    """Raises ConsentOfAnother for somebody who acts for somebody else, and where an officer acts beside the person."""
    if actor.on_behalf_of is not None or actor.with_officer is not None:
        raise ConsentOfAnother


def page(
    session: Session, person_id: UUID, *, now: datetime, limit: int, before: UUID | None = None
) -> Sequence[tuple[Consent, RelyingParty]]:
    """This person's consents that stand, the newest first, each with its site; `before` continues a list."""
    query = (
        select(Consent, RelyingParty)
        .join(RelyingParty, RelyingParty.client_id == Consent.client_id)
        .where(Consent.person_id == person_id, Consent.ended_at.is_(None), Consent.expires_at > now)
    )
    if before is not None:
        query = query.where(Consent.id < before)
    return [(row[0], row[1]) for row in session.execute(query.order_by(Consent.id.desc()).limit(limit))]


def end(session: Session, *, person_id: UUID, consent_id: UUID, now: datetime) -> Consent:
    """Take a consent back, and with it what was decided and not yet answered to the site.

    Raises NotFound for one of somebody else, or that has ended.
    """
    query = select(Consent).where(Consent.person_id == person_id, Consent.id == consent_id)
    consent = session.scalars(query.with_for_update()).one_or_none()
    if consent is None or consent.ended_at is not None or consent.expires_at <= now:
        raise NotFound
    consent.ended_at, consent.end_reason = now, "revoked"
    session.flush()
    session.execute(_LAPSE_DECIDED, {"person_id": person_id, "client_id": consent.client_id, "now": now})
    return consent


def end_lapsed(now: datetime) -> None:
    """End the consents whose year is over, and with each what the site held on its grounds, offline access too."""
    lapsed = select(Consent.person_id, Consent.id).where(Consent.ended_at.is_(None), Consent.expires_at <= now)
    with db.unit_of_work() as session:
        rows = session.execute(lapsed.order_by(Consent.expires_at).limit(_ENDED_PER_SWEEP)).all()
    for row in rows:
        with db.unit_of_work() as session:
            consent = session.get_one(Consent, (row.person_id, row.id), with_for_update=True)
            if consent.ended_at is None:
                consent.ended_at, consent.end_reason = now, "lapsed"
                grants.revoke_for_client(
                    session,
                    person_id=consent.person_id,
                    client_id=consent.client_id,
                    reason="consent lapsed",
                    now=now,
                )


def _standing(session: Session, person_id: UUID, client_id: str, *, is_locked: bool = False) -> Consent | None:
    query = select(Consent).where(
        Consent.person_id == person_id, Consent.client_id == client_id, Consent.ended_at.is_(None)
    )
    return session.scalars(query.with_for_update() if is_locked else query).one_or_none()


def _words(registered: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, str]:
    purpose = registered[name]
    return {"zh": str(purpose["zh"]), "en": str(purpose["en"])}


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 30))")
_LAPSE_DECIDED = text(
    """
    UPDATE identity.authorization_request SET expires_at = :now
     WHERE client_id = :client_id AND decided_by = :person_id AND answered_at IS NULL AND expires_at > :now
    """
)
_NOTE_USE = text(
    """
    UPDATE identity.consent SET last_used_at = :now
     WHERE person_id = :person_id AND id = :id
       AND (last_used_at IS NULL OR last_used_at < CAST(:now AS timestamptz) - interval '1 minute')
    """
)

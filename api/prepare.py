"""Bringing a database to where this program can work: newest revision, and the rows that every room expects."""

from __future__ import annotations

from sqlalchemy.orm import Session

from accessibility.fleets import city
from core import clock, db, migrate
from notify.topics import catalogue
from points import campaigns
from points.earning import demo as earning_demo
from points.exchange import terms
from wallet import book


def prepare(database_url: str) -> None:
    """Migrate and write reference data; again is harmless, and safe while other machines serve."""
    migrate.to_head(database_url)
    database = db.Database(database_url, connections=4)
    with database.unit_of_work() as session:
        seed(session)
    database.engine.dispose()


def seed(session: Session) -> None:
    """Open the accounts of the book and write the campaigns and topics that the demo city has."""
    now = clock.now()
    book.open_accounts(session, now)
    campaigns.ensure_demo_campaign(session, now)
    earning_demo.ensure_demo_campaigns(session, now)
    terms.ensure_demo_terms(session, now)
    catalogue.seed(session, now)
    city.ensure_fleets(session)

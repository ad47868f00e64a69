"""Bringing a database to the newest revision, and knowing whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.orm import Session

_FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def to_head(database_url: str) -> None:
    """Run every revision that this database has not had yet."""
    to_revision(database_url, "head")


def to_revision(database_url: str, revision: str) -> None:
    """Run those up to this one. A database that is further stays as it is."""
    config = _config()
    config.attributes["database_url"] = database_url
    command.upgrade(config, revision)


def head() -> str:
    """The newest revision that this program knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def revision_of(session: Session) -> str | None:
    """The revision that the database is at."""
    return session.execute(text("SELECT version_num FROM core.alembic_version")).scalar()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config

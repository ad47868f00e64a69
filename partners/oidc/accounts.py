"""The sandbox providers' books: accounts, the codes and tokens given out for them, and the keys that sign."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Final

from partners.desk.books import Books, Row
from partners.desk.demo_people import DEMO_PEOPLE

CODE_SECONDS: Final = 120
ACCESS_SECONDS: Final = 600
PROMPT_SECONDS: Final = 120

SCHEMA = """
CREATE TABLE IF NOT EXISTS oidc_account (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    provider    TEXT NOT NULL,
    account     TEXT NOT NULL,
    sub         TEXT NOT NULL,
    email       TEXT NOT NULL,
    name        TEXT NOT NULL,
    UNIQUE (provider, account)
);
CREATE TABLE IF NOT EXISTS oidc_consent (
    provider  TEXT NOT NULL,
    client_id TEXT NOT NULL,
    sub       TEXT NOT NULL,
    PRIMARY KEY (provider, client_id, sub)
);
CREATE TABLE IF NOT EXISTS oidc_code (
    code         TEXT PRIMARY KEY,
    provider     TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    nonce        TEXT,
    challenge    TEXT NOT NULL,
    sub          TEXT NOT NULL,
    auth_time    REAL NOT NULL,
    expires_at   REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS oidc_access (
    token      TEXT PRIMARY KEY,
    provider   TEXT NOT NULL,
    sub        TEXT NOT NULL,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS oidc_prompt (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL,
    name       TEXT NOT NULL,
    number     TEXT NOT NULL,
    others     TEXT NOT NULL,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS oidc_key (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    provider     TEXT NOT NULL,
    kid          TEXT NOT NULL UNIQUE,
    jwk          TEXT NOT NULL,
    is_published INTEGER NOT NULL
);
"""

_NAMES_OF_DEMO = {person.national_id: person.name.partition(" ")[0] for person in DEMO_PEOPLE}


@dataclass(frozen=True, slots=True)
class Grant:
    """What an approval was about: which client asked, where to answer, and what the answer is bound to."""

    client_id: str
    redirect_uri: str
    nonce: str | None
    challenge: str


def seed(books: Books) -> None:
    """The demo person with a LINE, a Google and an Apple account; whoever else has a mobile ID makes it themselves."""
    with books.writing() as writing:
        for provider in ("line", "google", "apple"):
            sign_up(writing, provider, "mei", email="mei.wang@example.tw", name="王小美")
        for person in DEMO_PEOPLE:
            sign_up(writing, "mobile_id", person.national_id, email="", name=_NAMES_OF_DEMO[person.national_id])


def accounts_of(books: Books, provider: str) -> list[Row]:
    """The accounts at a provider, the first one first."""
    return books.all("SELECT * FROM oidc_account WHERE provider = ? ORDER BY position LIMIT 50", provider)


def account_with(books: Books, provider: str, sub: str) -> Row | None:
    """The account that a subject names."""
    return books.one("SELECT * FROM oidc_account WHERE provider = ? AND sub = ?", provider, sub)


def sign_up(writing: sqlite3.Connection, provider: str, account: str, *, email: str, name: str) -> str:
    """The subject of an account; one that is new is opened, one that is known takes the e-mail and name given."""
    sub = subject_of(provider, account)
    writing.execute(
        "INSERT INTO oidc_account (provider, account, sub, email, name) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (provider, account) DO UPDATE SET email = coalesce(nullif(excluded.email, ''), email),"
        " name = coalesce(nullif(excluded.name, ''), name)",
        (provider, account, sub, email, name),
    )
    return sub


def subject_of(provider: str, account: str) -> str:
    """The subject of an account, in the form in which this provider writes them."""
    digest = hashlib.sha256(f"{provider} {account}".encode()).hexdigest()
    if provider == "line":
        return f"U{digest[:32]}"
    if provider == "google":
        return f"1{int(digest, 16) % 10**20:020d}"
    if provider == "apple":
        return f"000{int(digest[:4], 16) % 1000:03d}.{digest[:32]}.{int(digest[4:8], 16) % 10000:04d}"
    return f"mid-{digest[:40]}"


def consent(writing: sqlite3.Connection, provider: str, client_id: str, sub: str) -> bool:
    """Writes down that an account's owner let a client know them; whether it is the first time."""
    added = writing.execute("INSERT OR IGNORE INTO oidc_consent VALUES (?, ?, ?)", (provider, client_id, sub))
    return added.rowcount == 1


def give_code(writing: sqlite3.Connection, provider: str, sub: str, grant: Grant) -> str:
    """A code for this approval."""
    code, now = secrets.token_urlsafe(24), time.time()
    writing.execute(
        "INSERT INTO oidc_code VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (code, provider, grant.client_id, grant.redirect_uri, grant.nonce, grant.challenge, sub, now,
         now + CODE_SECONDS),
    )  # fmt: skip
    return code


def take_code(writing: sqlite3.Connection, provider: str, code: str) -> Row | None:
    """What a code stands for, once; None when it is unknown, used or too old."""
    found = writing.execute(
        "DELETE FROM oidc_code WHERE provider = ? AND code = ? AND expires_at > ? RETURNING *",
        (provider, code, time.time()),
    ).fetchone()
    return None if found is None else dict(found)


def give_access(writing: sqlite3.Connection, provider: str, sub: str) -> str:
    """An access token for the account's data."""
    token = secrets.token_urlsafe(24)
    writing.execute("INSERT INTO oidc_access VALUES (?, ?, ?, ?)", (token, provider, sub, time.time() + ACCESS_SECONDS))
    return token


def holder_of(books: Books, provider: str, token: str) -> str | None:
    """Whose data an access token opens."""
    row = books.one(
        "SELECT sub FROM oidc_access WHERE provider = ? AND token = ? AND expires_at > ?", provider, token, time.time()
    )
    return None if row is None else str(row["sub"])


def begin_prompt(books: Books, account: str, name: str) -> Row:
    """Asks the phone of a mobile ID's holder; it must choose the number that the screen shows out of three."""
    number, *others = secrets.SystemRandom().sample(range(10, 100), 3)
    prompt = {
        "id": secrets.token_urlsafe(16),
        "account": account,
        "name": name,
        "number": str(number),
        "others": " ".join(map(str, others)),
        "expires_at": time.time() + PROMPT_SECONDS,
    }
    with books.writing() as writing:
        writing.execute("INSERT INTO oidc_prompt VALUES (:id, :account, :name, :number, :others, :expires_at)", prompt)
    return prompt


def take_prompt(writing: sqlite3.Connection, prompt_id: str) -> Row | None:
    """The question on the phone, once; None when it is unknown, answered or too old."""
    found = writing.execute(
        "DELETE FROM oidc_prompt WHERE id = ? AND expires_at > ? RETURNING *", (prompt_id, time.time())
    ).fetchone()
    return None if found is None else dict(found)

"""The library's own sessions and bookings. Cookies are stored hashed; what is over at the city ends here."""

from __future__ import annotations

import hashlib
import secrets
import time

from partners.desk.books import Books, Row
from partners.library.city_sign_in import Begun, Person

SCHEMA = """
CREATE TABLE IF NOT EXISTS library_sign_in (
    cookie_hash TEXT PRIMARY KEY, state TEXT NOT NULL, nonce TEXT NOT NULL, code_verifier TEXT NOT NULL,
    onward TEXT NOT NULL, begun_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS library_visit (
    cookie_hash TEXT PRIMARY KEY, subject TEXT NOT NULL, sid TEXT NOT NULL, name TEXT NOT NULL, level INTEGER NOT NULL,
    auth_time INTEGER NOT NULL, id_token TEXT NOT NULL, began_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS library_logout (jti TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS library_booking (
    position INTEGER PRIMARY KEY, subject TEXT NOT NULL, room TEXT NOT NULL, booked_at REAL NOT NULL
);
"""
SIGN_IN_SECONDS = 900
VISIT_SECONDS = 8 * 3600


def keep_sign_in(books: Books, begun: Begun, onward: str) -> str:
    """Write down a sign-in that has begun; answers the cookie that binds it to this browser."""
    cookie = secrets.token_urlsafe(32)
    with books.writing() as connection:
        connection.execute("DELETE FROM library_sign_in WHERE begun_at < ?", (time.time() - SIGN_IN_SECONDS,))
        connection.execute(
            "INSERT INTO library_sign_in VALUES (?, ?, ?, ?, ?, ?)",
            (_hash(cookie), begun.state, begun.nonce, begun.code_verifier, onward, time.time()),
        )
    return cookie


def take_sign_in(books: Books, cookie: str) -> tuple[Begun, str] | None:
    """The sign-in that this browser began, once, and where it goes on; None when there is none, or too long ago."""
    row = books.one("SELECT * FROM library_sign_in WHERE cookie_hash = ?", _hash(cookie))
    with books.writing() as connection:
        connection.execute("DELETE FROM library_sign_in WHERE cookie_hash = ?", (_hash(cookie),))
    if row is None or row["begun_at"] < time.time() - SIGN_IN_SECONDS:
        return None
    return Begun(row["state"], row["nonce"], row["code_verifier"]), row["onward"]


def begin(books: Books, person: Person, replaced: str) -> str:
    """Begin a session; answers its cookie, which is another one than before signing in."""
    cookie = secrets.token_urlsafe(32)
    with books.writing() as connection:
        over = time.time() - VISIT_SECONDS
        connection.execute("DELETE FROM library_visit WHERE cookie_hash = ? OR began_at < ?", (_hash(replaced), over))
        connection.execute(
            "INSERT INTO library_visit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (_hash(cookie), person.subject, person.sid, person.name, person.level, person.auth_time, person.id_token,
             time.time()),
        )  # fmt: skip
    return cookie


def current(books: Books, cookie: str) -> Row | None:
    """The session that this cookie stands for."""
    row = books.one("SELECT * FROM library_visit WHERE cookie_hash = ?", _hash(cookie))
    return row if row and row["began_at"] >= time.time() - VISIT_SECONDS else None


def end(books: Books, cookie: str) -> None:
    """End the session of this cookie."""
    with books.writing() as connection:
        connection.execute("DELETE FROM library_visit WHERE cookie_hash = ?", (_hash(cookie),))


def end_by_city(books: Books, sid: str, jti: str) -> None:
    """End the sessions that rest on this session of the city's; a notice that came before changes nothing."""
    with books.writing() as connection:
        if connection.execute("INSERT OR IGNORE INTO library_logout VALUES (?, ?)", (jti, time.time())).rowcount:
            connection.execute("DELETE FROM library_visit WHERE sid = ?", (sid,))


def book(books: Books, subject: str, room: str) -> None:
    """Reserve a room."""
    with books.writing() as connection:
        connection.execute(
            "INSERT INTO library_booking (subject, room, booked_at) VALUES (?, ?, ?)", (subject, room, time.time())
        )


def bookings_of(books: Books, subject: str) -> list[str]:
    """The rooms this person has reserved, the latest first."""
    rows = books.all("SELECT room FROM library_booking WHERE subject = ? ORDER BY position DESC LIMIT 20", subject)
    return [row["room"] for row in rows]


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()

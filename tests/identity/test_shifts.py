"""Officers' hours: outside them no session begins, and running ones stop answering within a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as some
from software_authenticator import SoftwareAuthenticator
from werkzeug.test import TestResponse

from api.cli import main_group
from core import clock, db
from core.clock import TAIPEI
from core.db import Database
from identity import officer_sessions, officers, shifts
from identity.counter_errors import OutsideShift
from identity.officer_models import Officer

# A Friday, 10:00 in Taipei.
FRIDAY_AT_TEN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
OFFICE_HOURS = shifts.parse("mon-fri 08:00-18:00")


def at(weekday: int, hour: int, minute: int = 0) -> datetime:
    """A moment of that week in Taipei; Monday is 0."""
    return datetime(2026, 11, 16 + weekday, hour, minute, tzinfo=TAIPEI)


class TestWhatAShiftSays:
    @pytest.mark.parametrize(
        ("text", "stretches"),
        [
            ("mon 08:00-18:00", [(480, 1080)]),
            ("mon-tue 08:00-12:00, mon 13:00-17:00", [(480, 720), (780, 1020), (1920, 2160)]),
            ("sat-mon 09:00-10:00", [(540, 600), (7740, 7800), (9180, 9240)]),
            ("mon 22:00-06:00", [(1320, 1800)]),
            ("sun 22:00-06:00", [(0, 360), (9960, 10080)]),
            ("mon-sun 00:00-24:00", [(0, 10080)]),
            ("Mon 08:00-12:00, mon 12:00-14:00", [(480, 840)]),
        ],
    )
    def test_days_and_hours_become_minutes_of_the_week(self, text: str, stretches: list[tuple[int, int]]) -> None:
        assert list(shifts.parse(text)) == stretches

    @pytest.mark.parametrize(
        "text", ["", "mon", "mon 8:00-18:00", "mon 08:00-08:00", "mon 08:00-25:00", "mon 08:60-09:00", "day 08:00-09:00",
                 "mon 08:00-18:00,", "mon ０8:00-18:00", "mon-fri 08:00–18:00"],
    )  # fmt: skip
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError):
            shifts.parse(text)

    def test_it_ends_with_its_last_minute(self) -> None:
        assert shifts.ends_at(OFFICE_HOURS, at(4, 10, 30)) == at(4, 18)
        assert shifts.ends_at(OFFICE_HOURS, at(4, 17, 59)) == at(4, 18)
        for outside in (at(4, 7, 59), at(4, 18), at(5, 10), at(6, 10)):
            assert shifts.ends_at(OFFICE_HOURS, outside) is None

    def test_people_read_it_in_their_language(self) -> None:
        words = shifts.words(shifts.parse("fri 22:00-06:00, sat 09:00-12:00"))
        assert words.zh == "週五 22:00–24:00、週六 00:00–06:00、週六 09:00–12:00"
        assert words.en.startswith("Fri 22:00–24:00")

    @given(some.integers(0, 7 * 24 * 60 - 1), some.lists(some.tuples(some.integers(0, 10080), some.integers(0, 10080))))
    def test_whoever_is_in_a_shift_knows_when_it_ends(self, minute: int, stretches: list[tuple[int, int]]) -> None:
        shift = shifts.joined((start, end) for start, end in stretches if start < end)
        now = at(0, 0) + timedelta(minutes=minute)
        is_in = any(start <= minute < end for start, end in stretches)
        ends = shifts.ends_at(shift, now)
        assert (ends is not None) == is_in
        assert ends is None or now < ends <= at(0, 0) + timedelta(days=7)


def on_shift(shift: str | None, **more: object) -> Officer:
    with db.unit_of_work() as session:
        return officers.add(
            session, staff_number="CTR-9", name="洪櫃檯", bureau="civil_affairs", roles=["counter"],
            shift=shifts.parse(shift) if shift else None, now=FRIDAY_AT_TEN - timedelta(days=30), **more,
        )  # type: ignore[arg-type]  # fmt: skip


def begin(officer: Officer, now: datetime) -> officer_sessions.IssuedToOfficer:
    with db.unit_of_work() as session:
        return officer_sessions.begin(
            session,
            session.get_one(Officer, officer.id),
            amr=("hwk", "user"),
            transport="bearer",
            user_agent="",
            now=now,
        )


def answers(token: str, now: datetime) -> bool:
    with db.unit_of_work() as session:
        return officer_sessions.resolve(session, token, now) is not None


class TestSessions:
    def test_no_session_begins_outside_the_shift(self, database: Database) -> None:
        officer = on_shift("mon-fri 08:00-18:00")
        begin(officer, at(4, 8))
        for outside in (at(4, 7, 59), at(4, 18), at(5, 10)):
            with pytest.raises(OutsideShift) as refused:
                begin(officer, outside)
            assert "08:00–18:00" in str(refused.value)

    def test_a_session_ends_with_the_shift(self, database: Database) -> None:
        issued = begin(on_shift("mon-fri 08:00-18:00"), at(4, 17, 50))
        assert issued.session.expires_at == at(4, 18)
        assert answers(issued.token, at(4, 17, 59)) and not answers(issued.token, at(4, 18))

    def test_hours_that_are_cut_short_stop_a_running_session_within_a_minute(self, database: Database) -> None:
        issued = begin(on_shift("mon-fri 08:00-18:00"), at(4, 10))
        assert answers(issued.token, at(4, 10, 9))
        on_shift("mon-fri 08:00-10:10")
        assert answers(issued.token, at(4, 10, 9) + timedelta(seconds=59))
        assert not answers(issued.token, at(4, 10, 10))

    def test_whoever_has_no_hours_works_at_any(self, database: Database) -> None:
        assert answers(begin(on_shift(None), at(6, 3)).token, at(6, 3, 10))

    def test_leaving_the_roster_ends_it_whatever_the_shift(self, database: Database) -> None:
        officer = on_shift("mon-fri 08:00-18:00")
        issued = begin(officer, at(4, 10))
        with db.unit_of_work() as session:
            officers.leave(session, session.get_one(Officer, officer.id), now=at(4, 10, 5))
        assert not answers(issued.token, at(4, 10, 6))

    def test_it_is_still_one_query(self, database: Database) -> None:
        issued = begin(on_shift("mon-fri 08:00-18:00"), at(4, 10))
        from sqlalchemy import event

        seen: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda _c, _k, statement, *_: seen.append(statement))
        assert answers(issued.token, at(4, 10))
        assert len([statement for statement in seen if "officer_session" in statement]) == 1


class TestOverHttp:
    def test_a_right_passkey_outside_the_shift_is_told_the_hours(self, client: FlaskClient) -> None:
        """The hours that are now in Taipei are left out of the shift, so that this is always outside."""
        now = shifts.minute_of_week(clock.now())
        shift = [(0, now - 5), (now + 60, 10080)] if now > 5 else [(now + 60, 10080)]
        with db.unit_of_work() as session:
            who = officers.add(
                session, staff_number="CTR-9", name="洪", bureau="civil_affairs", roles=["counter"], now=clock.now()
            )
            code = officers.make_code(session, who, now=clock.now())
        device = SoftwareAuthenticator()
        begun = client.post("/v1/auth/officers/enrolment/options", json={"code": code}).json
        body = {"ceremony_id": begun["ceremony_id"], "credential": device.create(begun["options"])}
        assert client.post("/v1/auth/officers/enrolment/verify", json=body).status_code == 201
        with db.unit_of_work() as session:
            officers.add(
                session, staff_number="CTR-9", name="洪", bureau="civil_affairs", roles=["counter"], shift=shift,
                now=clock.now(),
            )  # fmt: skip

        refused = sign_in(client, device)
        assert (refused.status_code, refused.json["type"].rsplit("/")[-1]) == (403, "outside-shift")
        assert "週" in refused.json["detail"]
        stranger = SoftwareAuthenticator()
        stranger.credentials = {os_id: device.credentials[os_id] for os_id in device.credentials}
        assert sign_in(client, stranger, challenge=b"x" * 32).status_code == 401


def sign_in(client: FlaskClient, device: SoftwareAuthenticator, **lies: bytes) -> TestResponse:
    begun = client.post("/v1/auth/officers/login/options", json={}).json
    body = {"ceremony_id": begun["ceremony_id"], "credential": device.get(begun["options"], **lies)}  # type: ignore[arg-type]
    return client.post("/v1/auth/officers/login/verify", json=body)


class TestTheCommand:
    def run(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(main_group, ["officers", *arguments], input=typed)
        return result.exit_code, result.output

    ABOUT = ("--name", "洪櫃檯", "--bureau", "civil_affairs", "--role", "counter")

    def test_a_shift_is_given_and_shown(self, database: Database) -> None:
        assert self.run("add", "CTR-1", *self.ABOUT, "--shift", "mon-fri 08:00-18:00")[0] == 0
        assert "Fri 08:00–18:00" in self.run("list")[1]
        assert self.run("add", "CTR-1", *self.ABOUT)[0] == 0
        assert "08:00" not in self.run("list")[1]

    @pytest.mark.parametrize("shift", ["always", "mon 8-9"])
    def test_a_shift_that_makes_no_sense_is_said_in_one_line(self, database: Database, shift: str) -> None:
        status, said = self.run("add", "CTR-1", *self.ABOUT, "--shift", shift)
        assert status != 0 and "Traceback" not in said and "--shift" in said

    def test_their_own_id_number_is_asked_for_and_kept_as_a_hash(self, database: Database) -> None:
        status, said = self.run("add", "CTR-1", *self.ABOUT, "--ask-id-number", typed="a123456789\n")
        assert status == 0 and "cannot refuse" not in said and "123456789" not in said
        with db.unit_of_work() as session:
            kept = session.connection().exec_driver_sql("SELECT o::text FROM identity.officer o").scalars().all()
        assert kept and all("A123456789" not in row for row in kept)
        assert self.run("add", "CTR-2", *self.ABOUT, "--ask-id-number", typed="A123456780\n")[0] != 0
        assert "cannot refuse" in self.run("add", "CTR-3", *self.ABOUT)[1]

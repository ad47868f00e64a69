"""Who is told of an alert, how loud, and what becomes of it: districts, parts, updates, cancels, corrections, repeats."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg.errors
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import db
from core.districts import DISTRICTS
from core.ids import typeid
from core.text import Text
from notify import deliveries
from notify.alerts import duty, records, repeats, sending
from notify.alerts.errors import AlertNotOpen, AlertWordsRefused
from notify.alerts.records import Alert
from partners.cap.reading import read
from tests.notify.alerts.conftest import FIRST, NOW, SECOND, City
from tests.partners.cap_documents import alert, area, geocode, info

XINXING, SANMIN, NAMAXIA = "64000060", "64000050", "64000380"
IN_XINXING, IN_SANMIN = "6400600", "6400500"
SENT = "2026-11-21T08:00:00+08:00"


def about(known: Alert) -> list[tuple[str, str, str]]:
    return [(known.sender, known.identifier, SENT)]


def hand_over() -> None:
    deliveries.send_due(NOW)


def test_everybody_of_a_district_is_told_by_device_by_place_and_whatever_else_they_have_set(city: City) -> None:
    by_device, _ = city.phone(district=XINXING)
    by_place = city.place(XINXING)
    neither, _ = city.phone(district=NAMAXIA)
    for person in (by_device, by_place):
        city.run(
            "INSERT INTO notify.preference (person_id, daily_cap, quiet_from, quiet_until, updated_at) "
            "VALUES (:person, 0, '00:00', '23:59', now())",
            person=person,
        )
    sent = city.sent(alert(info(area(geocode(IN_XINXING)))))
    assert city.people_told(sent.id) == {by_device, by_place}
    assert neither not in city.people_told(sent.id)


WHOLE_CITY = {
    "by its code": area(geocode("64")),
    "by all districts": area(*(geocode(f"64{code[4:]}0") for code in DISTRICTS)),
    "by a circle around it": area("<circle>22.95,120.6 85</circle>"),
    "by a polygon around it": area("<polygon>22.4,120.0 22.4,121.2 23.6,121.2 23.6,120.0 22.4,120.0</polygon>"),
}


@pytest.mark.parametrize("inside", WHOLE_CITY.values(), ids=WHOLE_CITY)
def test_an_alert_for_the_whole_city_reaches_everybody_also_those_of_whom_nothing_is_known(
    city: City, inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "CHUNK_PEOPLE", 2)
    unknown, unknown_device = city.phone()
    here, here_device = city.phone(at=(22.631, 120.302), district=XINXING)
    away, away_device = city.phone(at=(25.04, 121.56))
    _, second_device = city.phone(here, at=(25.04, 121.56))
    by_place = city.place(NAMAXIA)
    _, gone_device = city.phone()
    city.run(
        "UPDATE notify.device SET gone_at = now(), gone_reason = 'removed', address_sealed = NULL WHERE id = :id",
        id=gone_device,
    )
    sent = city.sent(alert(info(inside)))
    assert city.people_told(sent.id) == {unknown, here, away, by_place}
    told = city.devices_told(sent.id)
    assert len(told) == 4 and set(told) == {unknown_device, here_device, away_device, second_device}
    why = city.row("SELECT why->'explanation'->>'zh' FROM notify.content WHERE why->'alert'->>'severity' = 'Severe'")
    assert "因此告知每一個人" in str(why[0])


def test_a_real_earthquake_report_reaches_a_phone_of_which_nothing_is_known(city: City, samples_dir: Path) -> None:
    document = (samples_dir / "cap" / "CWA-EQ113266-2024-0423-022651.cap").read_bytes()
    person, device = city.phone()
    sent = city.sent(document, at=read(document).sent + timedelta(minutes=1))
    assert city.people_told(sent.id) == {person} and city.devices_told(sent.id) == [device]


def test_of_an_alert_for_a_part_nobody_hears_of_whom_nothing_is_known_unless_another_part_is_the_city(
    city: City,
) -> None:
    unknown, _ = city.phone()
    resident, _ = city.phone(district=XINXING)
    grave = info(area(geocode(IN_XINXING)), severity="Extreme", headline="立即避難")
    part = city.sent(alert(grave))
    assert city.people_told(part.id) == {resident}
    both = city.sent(alert(grave, info(area(geocode("64")), severity="Moderate", headline="注意"), identifier="KHC-2"))
    heard = {
        person: city.row(
            "SELECT c.title_zh FROM notify.message m JOIN notify.content c ON c.id = m.content_id "
            "WHERE m.event_id = :id AND m.person_id = :person",
            id=both.id, person=person,
        )
        for person in (unknown, resident)
    }  # fmt: skip
    assert heard == {unknown: ("注意",), resident: ("立即避難",)}


def test_whoever_is_known_by_district_only_is_told_when_a_circle_overlaps_it(city: City) -> None:
    circle = "<circle>22.631,120.302 0.2</circle>"
    by_district, _ = city.phone(district=XINXING)
    by_place = city.place(XINXING)
    long_ago, _ = city.phone(at=(22.66, 120.33), district=XINXING, seen=timedelta(days=3))
    elsewhere, _ = city.phone(at=(22.66, 120.33), district=XINXING)
    city.place(XINXING, elsewhere)
    far, _ = city.phone(district=NAMAXIA)
    told = city.people_told(city.sent(alert(info(area(circle)))).id)
    assert told == {by_district, by_place, long_ago}
    assert not {elsewhere, far} & told


def test_a_person_hears_the_gravest_part_that_holds_them_and_it_is_as_loud_as_that_part(city: City) -> None:
    grave, _ = city.phone(district=XINXING)
    mild, _ = city.phone(district=SANMIN)
    both = city.place(XINXING)
    city.place(SANMIN, both, "work")
    city.phone(both)
    sent = city.sent(
        alert(
            info(area(geocode(IN_SANMIN)), severity="Minor", headline="注意"),
            info(area(geocode(IN_XINXING)), severity="Extreme", headline="立即避難"),
        )
    )
    heard = {
        person: city.row(
            "SELECT c.title_zh, d.urgency FROM notify.message m JOIN notify.content c ON c.id = m.content_id "
            "JOIN notify.delivery d ON d.message_id = m.id WHERE m.event_id = :id AND m.person_id = :person",
            id=sent.id, person=person,
        )
        for person in (grave, mild, both)
    }  # fmt: skip
    assert heard == {grave: ("立即避難", 9), mild: ("注意", 7), both: ("立即避難", 9)}


def test_chinese_and_english_infos_of_one_area_are_one_part_in_two_languages(city: City) -> None:
    here = area(geocode(IN_XINXING))
    sent = city.sent(alert(info(here), info(here, language="en-US", headline="Flood warning")))
    assert sent.title == Text("淹水警戒", "Flood warning")
    only_chinese = city.sent(alert(info(here), identifier="KHC-2"))
    assert only_chinese.title is not None and only_chinese.title.en == "Public alert (Severe)"


def test_chunks_and_a_crash_in_the_middle_tell_everybody_once(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "CHUNK_PEOPLE", 7)
    people = {city.phone(district=XINXING)[0] for _ in range(20)}
    people |= {person for person, _ in city.phones([(22.631 + n / 1e5, 120.302) for n in range(20)], district=XINXING)}
    waiting = city.approved(alert(info(area("<circle>22.631,120.302 1</circle>", geocode(IN_XINXING)))))
    for _ in range(40):
        with db.unit_of_work() as session:
            now_on = records.get(session, waiting.id, is_locked=True)
            if now_on.status == "sending":
                sending.advance(session, now_on, NOW)
        # A worker that dies before its commit: what it did is as if it had never been.
        with pytest.raises(ZeroDivisionError), db.unit_of_work() as session:
            now_on = records.get(session, waiting.id, is_locked=True)
            if now_on.status == "sending":
                sending.advance(session, now_on, NOW)
            raise ZeroDivisionError
    with db.unit_of_work() as session:
        done = records.get(session, waiting.id)
    assert (done.status, done.people, done.devices) == ("sent", 40, 40)
    assert city.people_told(waiting.id) == people
    told = city.devices_told(waiting.id)
    assert len(told) == len(set(told)) == 40


def test_an_update_takes_the_place_of_what_it_updates_and_ends_it(city: City) -> None:
    stays, _ = city.phone(district=XINXING)
    leaves, _ = city.phone(district=SANMIN)
    first = city.sent(alert(info(area(geocode(IN_XINXING), geocode(IN_SANMIN)))))
    update = city.sent(
        alert(info(area(geocode(IN_XINXING))), identifier="KHC-2", msg_type="Update", references=about(first))
    )
    assert (update.thread, update.about) == (first.thread, (first.id,))
    assert city.people_told(update.id) == {stays}
    with db.unit_of_work() as session:
        before = records.get(session, first.id)
    assert (before.status, before.ended_how) == ("cancelled", "superseded")
    assert leaves in city.people_told(first.id)


def test_whoever_an_update_no_longer_covers_hears_the_all_clear_where_that_is_set(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, _ = city.phone(district=XINXING)
    leaves, _ = city.phone(district=SANMIN)
    first = city.sent(alert(info(area(geocode(IN_XINXING), geocode(IN_SANMIN)))))
    on = sending.settings()
    monkeypatch.setattr(sending, "settings", lambda: replace(on, alerts=replace(on.alerts, tells_all_clear=True)))
    city.run("UPDATE notify.delivery SET attempts = 1")
    update = city.sent(
        alert(info(area(geocode(IN_XINXING))), identifier="KHC-2", msg_type="Update", references=about(first))
    )
    clear_id = city.row("SELECT id FROM notify.alert WHERE source = 'all_clear'")[0]
    assert isinstance(clear_id, UUID)
    sending.send_due(NOW)
    assert city.people_told(clear_id) == {leaves}
    assert city.people_told(update.id) == {stays}


def test_a_cancel_ends_an_alert_and_tells_whoever_was_told(city: City, provider: Any) -> None:
    told, device = city.phone(district=XINXING)
    first = city.sent(alert(info(area(geocode(IN_XINXING)))))
    hand_over()
    late, _ = city.phone(district=XINXING)
    cancel = city.sent(alert(identifier="KHC-2", msg_type="Cancel", references=about(first)))
    assert city.people_told(cancel.id) == {told} and late not in city.people_told(cancel.id)
    assert city.devices_told(cancel.id) == [device]
    with db.unit_of_work() as session:
        assert records.get(session, first.id).ended_how == "cancelled"
    assert cancel.title == Text("解除：淹水警戒", "Over: Public alert (Severe)")


def test_a_cancel_of_what_is_not_known_here_is_recorded(city: City) -> None:
    unknown = [("alerts@kcg.gov.tw", "KHC-0", SENT)]
    kept = city.take_in(alert(identifier="KHC-2", msg_type="Cancel", references=unknown))
    assert (kept.status, kept.because) == ("recorded", "unknown_reference")


def test_a_correction_needs_one_person_stops_what_waits_and_reaches_exactly_whoever_was_told(
    city: City, provider: Any
) -> None:
    reached, first_device = city.phone(district=XINXING)
    second_device = city.phone(reached, district=XINXING)[1]
    false_alarm = city.sent(alert(info(area(geocode(IN_XINXING)), severity="Extreme")))
    # Lined up and not yet on the device.
    postpone = "UPDATE notify.delivery SET next_at = :at WHERE device_id = :device"
    city.run(postpone, device=second_device, at=NOW + timedelta(minutes=30))
    hand_over()
    assert [push.title for push in provider.pushes] == ["淹水警戒"]
    city.run(postpone, device=second_device, at=NOW)
    with db.unit_of_work() as session:
        correction = duty.correct(
            session, false_alarm.id, Text("系統測試誤發。", "Sent by mistake."), officer_id=FIRST, now=NOW
        )
    sending.send_due(NOW)
    hand_over()
    assert city.people_told(correction.id) == {reached}
    assert city.devices_told(correction.id) == [first_device]
    assert [push.title for push in provider.pushes] == ["淹水警戒", "更正：淹水警戒"]
    assert provider.pushes[-1].makes_sound
    assert {push.tag for push in provider.pushes} == {typeid("alr", false_alarm.id)}
    assert city.row("SELECT status, last_error FROM notify.delivery WHERE device_id = :id", id=second_device) == (
        "withdrawn", "alert_cancelled",
    )  # fmt: skip


def test_one_person_may_not_say_anything_to_whoever_heard_a_past_alert(city: City) -> None:
    drill = city.sent(alert(info(area(geocode(IN_XINXING)), severity="Extreme"), status="Exercise"))
    day = timedelta(hours=24)
    fine = Text("系統測試誤發。", "Sent by mistake.")
    for said in (Text("請到 evil.example 領取。", "Sorry."), Text("誤發。", "Go to https://evil.example/"),
                 Text("誤\u202e發。", "Sorry.")):  # fmt: skip
        with pytest.raises(AlertWordsRefused), db.unit_of_work() as session:
            duty.correct(session, drill.id, said, officer_id=FIRST, now=NOW)
        with pytest.raises(AlertWordsRefused), db.unit_of_work() as session:
            duty.cancel(session, drill.id, said, officer_id=FIRST, now=NOW)
    with pytest.raises(AlertNotOpen), db.unit_of_work() as session:
        duty.correct(session, drill.id, fine, officer_id=FIRST, now=drill.expires_at + day)
    with db.unit_of_work() as session:
        told = duty.correct(
            session, drill.id, fine, officer_id=FIRST, now=drill.expires_at + day - timedelta(minutes=1)
        )
    assert city.row("SELECT urgency FROM notify.alert_part WHERE alert_id = :id", id=told.id) == (8,)


def test_an_alert_that_fails_keeps_no_other_from_going_out(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    resident, _ = city.phone(district=XINXING)
    bad = city.approved(alert(info(area(geocode(IN_XINXING)), severity="Extreme")))
    good = city.approved(alert(info(area(geocode(IN_XINXING)), severity="Minor"), identifier="KHC-2"))
    city.run(
        "INSERT INTO notify.alert_inside (alert_id, part, person_id, device_id) "
        "SELECT id, 0, id, id FROM notify.alert WHERE id = :id",
        id=good.id,
    )
    advance = sending.advance

    def fails(session: Session, each: Alert, now: datetime) -> int:
        if each.id == bad.id:
            raise ZeroDivisionError
        return advance(session, each, now)

    monkeypatch.setattr(sending, "advance", fails)
    assert sending.send_due(NOW) == 1
    assert city.people_told(good.id) == {resident} and not city.people_told(bad.id)
    monkeypatch.setattr(sending, "advance", advance)
    assert sending.send_due(NOW) == 1, "it goes on when the failure is over"
    assert city.row("SELECT count(*) FROM notify.alert_inside") == (0,)


@pytest.mark.parametrize("busy_with", ["alert_inside", "run_tally"], ids=["who is inside", "the messages"])
def test_a_false_alarm_is_ended_at_once_while_a_worker_has_a_chunk_of_it_in_hand(
    city: City, provider: Any, busy_with: str
) -> None:
    city.phone(at=(22.625, 120.300))
    false = city.approved(alert(info(area("<circle>22.625,120.300 1</circle>"), severity="Extreme")))
    if busy_with == "run_tally":
        while city.row("SELECT count(*) FROM notify.alert_inside") == (0,):
            with db.unit_of_work() as session:
                sending.advance(session, records.get(session, false.id), NOW)
    with ThreadPoolExecutor() as workers:
        with db.unit_of_work() as slow:
            slow.execute(text(f"LOCK TABLE notify.{busy_with} IN SHARE ROW EXCLUSIVE MODE"))
            working = workers.submit(sending.send_due, NOW)
            while city.row(_WAITING) == (0,):
                assert not working.done()
            with db.unit_of_work() as session:
                session.execute(text("SET LOCAL lock_timeout = '1s'"))
                told = duty.cancel(session, false.id, None, officer_id=FIRST, now=NOW)
        working.result(timeout=20)
    hand_over()
    assert city.people_told(false.id) == set() and city.people_told(told.id) == set()
    assert not provider.pushes
    assert city.row("SELECT status, devices FROM notify.alert WHERE id = :id", id=false.id) == ("cancelled", 0)
    assert sending.send_due(NOW) == 0


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def test_a_grave_alert_rings_again_three_times_at_most_on_phones_that_have_not_opened_it(
    city: City, provider: Any
) -> None:
    opened, _ = city.phone(district=XINXING)
    city.phone(district=XINXING)
    city.phone(district=SANMIN)
    city.sent(
        alert(info(area(geocode(IN_XINXING)), severity="Extreme"), info(area(geocode(IN_SANMIN)), severity="Moderate"))
    )
    hand_over()
    assert len(provider.pushes) == 3
    city.run("UPDATE notify.message SET opened_at = :now WHERE person_id = :person", now=NOW, person=opened)
    rung = []
    for minutes in range(1, 60):
        rung.append(repeats.repeat_due(NOW + timedelta(minutes=minutes)))
        deliveries.send_due(NOW + timedelta(minutes=minutes))
    assert [n for n in rung if n] == [1, 1, 1]
    assert [minute for minute, n in enumerate(rung, 1) if n] == [5, 10, 15]
    assert len(provider.pushes) == 6 and all(push.makes_sound for push in provider.pushes[3:])


def test_a_drill_is_marked_and_does_not_repeat(city: City, provider: Any) -> None:
    city.phone(district=XINXING)
    city.sent(alert(info(area(geocode(IN_XINXING)), severity="Extreme"), status="Exercise"))
    hand_over()
    assert [push.title for push in provider.pushes] == ["【演習】淹水警戒"]
    assert repeats.repeat_due(NOW + timedelta(hours=1)) == 0


def test_an_alert_for_information_makes_no_sound_and_says_how_grave_it_is(city: City, provider: Any) -> None:
    city.phone(district=XINXING)
    city.sent(alert(info(area(geocode(IN_XINXING)), severity="Unknown")))
    hand_over()
    (push,) = provider.pushes
    assert not push.makes_sound and push.data["severity"] == "Unknown"


def test_line_is_for_whoever_no_push_reaches(city: City) -> None:
    only_line, line = city.phone(district=XINXING, kind="line")
    both, push = city.phone(district=XINXING, kind="webpush")
    city.phone(both, district=XINXING, kind="line")
    sent = city.sent(alert(info(area(geocode(IN_XINXING)))))
    assert set(city.devices_told(sent.id)) == {line, push}
    assert city.row("SELECT channel FROM notify.delivery WHERE device_id = :id", id=line) == ("line",)
    assert city.people_told(sent.id) == {only_line, both}


def test_an_alert_that_expires_while_it_goes_out_stops(city: City) -> None:
    city.phone(district=XINXING)
    waiting = city.approved(alert(info(area(geocode(IN_XINXING)))))
    assert sending.send_due(NOW + timedelta(days=1)) == 0
    with db.unit_of_work() as session:
        assert records.get(session, waiting.id).ended_how == "expired"


def test_the_database_refuses_an_alert_on_one_person_s_word(city: City) -> None:
    waiting = city.take_in(alert(info(area(geocode(IN_XINXING)))))
    for change in (
        "status = 'sending'",
        "status = 'sent', approved_by = :first",
        "approved_by = :first, received_by = :first",
        "status = 'sending', source = 'correction', received_by = :first",
    ):
        with pytest.raises(IntegrityError) as refusal:
            city.run(f"UPDATE notify.alert SET {change} WHERE id = :id", id=waiting.id, first=FIRST)
        assert isinstance(refusal.value.orig, psycopg.errors.CheckViolation)


def test_two_different_officers_send_what_a_feed_brought(city: City) -> None:
    person, _ = city.phone(district=XINXING)
    waiting = city.take_in(alert(info(area(geocode(IN_XINXING)))))
    for officer in (FIRST, SECOND):
        with db.unit_of_work() as session:
            duty.approve(session, waiting.id, officer_id=officer, now=NOW)
    assert sending.send_due(NOW) == 1 and city.people_told(waiting.id) == {person}


def test_the_grave_ones_go_first(city: City) -> None:
    city.phone(district=XINXING)
    mild = city.approved(alert(info(area(geocode(IN_XINXING)), severity="Minor")))
    grave = city.approved(alert(info(area(geocode(IN_XINXING)), severity="Extreme"), identifier="KHC-2"))
    with db.unit_of_work() as session:
        first = sending._next(session)
    assert first is not None and first.id == grave.id != mild.id

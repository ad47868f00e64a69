"""The evening's digest: one silent message a day with what had no room to ring, for whoever wants it.

It is outside the cap, because it makes no sound. What was read meanwhile, recalled, settled, unsubscribed from or
is past its deadline is left out; where nothing is left, none is written. What is recalled later is taken out again.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from notify import passes
from notify.cap import cap_texts as words
from notify.cap.preferences import Preferences
from notify.cap.rounds import LANES
from notify.cap.turns import LANE_LOCKS, MOST_PEOPLE

MOST_LINES = 4
WORTH_DELIVERING = timedelta(hours=4)
_DEFAULTS = Preferences()


def send_due(now: datetime) -> int:
    """Write every digest that is due. Answers how many lines were looked at.

    Opens its own units of work, one for up to `MOST_PEOPLE` people of a lane; see `decisions.decide_due`.
    """
    ends_at = passes.ends_at()
    with db.single_statements() as session:
        lanes = list(session.execute(_LANES, {"lanes": LANES, "now": now}).scalars())
    random.shuffle(lanes)
    settled = 0
    for lane in lanes:
        while more := _send_some(lane, now):
            settled += more
            if passes.is_over(ends_at):
                break
    return settled


def take_out_recalled(session: Session, run_id: UUID, *, after: UUID, upto: UUID, now: datetime) -> None:
    """Name what was recalled of a run no longer in the digests of the people after `after`, up to `upto`."""
    session.execute(_REWRITE, {"run_id": run_id, "after": after, "upto": upto, "now": now} | _SAID)


def _send_some(lane: int, now: datetime) -> int:
    with db.unit_of_work() as session:
        values = {"locks": LANE_LOCKS, "lane": lane, "now": now, "most": MOST_PEOPLE}
        people = session.execute(_TAKE, values).scalar_one()
        return _write(session, people, now) if people else 0


def _write(session: Session, people: list[object], now: datetime) -> int:
    values = {
        "people": people, "now": now, "expires_at": now + WORTH_DELIVERING,
        "quiet_from": _DEFAULTS.quiet_from, "quiet_until": _DEFAULTS.quiet_until, "zone": _DEFAULTS.timezone,
        "takes_digest": _DEFAULTS.takes_digest, "digest_at": _DEFAULTS.digest_at,
    }  # fmt: skip
    return int(session.execute(_WRITE, values | _SAID).scalar_one())


_SAID = {
    "one_zh": words.DIGEST_TITLE_OF_ONE.zh, "one_en": words.DIGEST_TITLE_OF_ONE.en,
    "title_zh": words.DIGEST_TITLE.zh, "title_en": words.DIGEST_TITLE.en,
    "line_zh": words.DIGEST_LINE.zh, "line_en": words.DIGEST_LINE.en,
    "more_zh": words.DIGEST_MORE.zh, "more_en": words.DIGEST_MORE.en,
}  # fmt: skip


def _title(language: str) -> str:
    """SQL: the title of a digest of `n` messages; with the parameters `_SAID`."""
    return f"CASE n WHEN 1 THEN :one_{language} ELSE replace(:title_{language}, '{{count}}', n::text) END"


def _body(language: str) -> str:
    """SQL: what stands in a digest of `n` messages whose titles are `titles_zh` and `titles_en`."""
    line, titles = f":line_{language}", f"titles_{language}"
    more = f"replace(:more_{language}, '{{count}}', (n - {MOST_LINES})::text)"
    return (
        f"{line} || array_to_string({titles}[1:{MOST_LINES}], E'\\n' || {line})"
        f" || CASE WHEN n > {MOST_LINES} THEN E'\\n' || {more} ELSE '' END"
    )


_LANES = text(
    """
    SELECT lane FROM generate_series(0, :lanes - 1) AS lane
     WHERE EXISTS (SELECT FROM notify.digest_line l
                    WHERE notify.lane(l.person_id) = lane AND l.settled_at IS NULL AND l.due_at <= :now)
    """
)
_TAKE = text(
    """
    WITH lane AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(:locks, :lane) AS is_mine)
    SELECT ARRAY(
        SELECT DISTINCT person_id FROM (
            SELECT person_id FROM notify.digest_line
             WHERE is_mine AND notify.lane(person_id) = :lane AND settled_at IS NULL AND due_at <= :now
             ORDER BY due_at, person_id LIMIT :most) AS due)
      FROM lane
    """
)
_WRITE = text(
    f"""
    WITH person AS MATERIALIZED (
        SELECT person_id, takes_digest, day, d.digest_id IS NOT NULL AS had_one,
               notify.awake_at(quiet_from, quiet_until, zone, :now) AS awake_at,
               (day + 1 + digest_at) AT TIME ZONE zone AS tomorrow
          FROM (SELECT u.person_id, coalesce(p.takes_digest, :takes_digest) AS takes_digest,
                       coalesce(p.quiet_from, :quiet_from) AS quiet_from,
                       coalesce(p.quiet_until, :quiet_until) AS quiet_until,
                       coalesce(p.timezone, :zone) AS zone, coalesce(p.digest_at, :digest_at) AS digest_at,
                       (CAST(:now AS timestamptz) AT TIME ZONE coalesce(p.timezone, :zone))::date AS day
                  FROM unnest(CAST(:people AS uuid[])) AS u (person_id) LEFT JOIN notify.preference p USING (person_id)
               ) AS chosen LEFT JOIN notify.person_day d USING (person_id, day)
    ), line AS MATERIALIZED (
        SELECT l.person_id, l.message_id, m.created_at, (m.why ->> 'rank')::int AS place,
               coalesce(m.title_zh, c.title_zh) AS title_zh,
               coalesce(m.title_en, c.title_en) AS title_en,
               CASE WHEN NOT p.takes_digest OR m.recalled_at IS NOT NULL OR m.settled_at IS NOT NULL
                      OR m.read_at IS NOT NULL OR r.status = 'stopped' OR l.deadline <= :now OR s.status <> 'live'
                    THEN 'left_out'
                    WHEN p.had_one THEN 'tomorrow' WHEN p.awake_at > :now THEN 'asleep' ELSE 'listed' END AS verdict
          FROM notify.digest_line l
               JOIN person p USING (person_id)
               JOIN notify.message m ON m.person_id = l.person_id AND m.id = l.message_id
               JOIN notify.run r ON r.id = l.run_id
               JOIN notify.subscription s ON s.id = l.subscription_id
               LEFT JOIN notify.content c ON c.id = m.content_id
         WHERE l.person_id = ANY(CAST(:people AS uuid[])) AND l.settled_at IS NULL AND l.due_at <= :now
    ), digest AS MATERIALIZED (
        SELECT person_id, day, notify.new_id() AS id, md5('digest ' || person_id || ' ' || day)::uuid AS event_id, n,
               titles_zh, titles_en
          FROM (SELECT person_id, count(*) AS n,
                       array_agg(title_zh ORDER BY created_at, place) AS titles_zh,
                       array_agg(title_en ORDER BY created_at, place) AS titles_en
                  FROM line WHERE verdict = 'listed' GROUP BY person_id) AS listed JOIN person USING (person_id)
    ), noted AS (
        INSERT INTO notify.person_day AS p (person_id, day, digest_id)
        SELECT person_id, day, id FROM digest ORDER BY person_id
        ON CONFLICT (person_id, day) DO UPDATE SET digest_id = excluded.digest_id
    ), written AS (
        INSERT INTO notify.message (person_id, id, kind, basis, event_id, title_zh, title_en, body_zh, body_en, link,
                                    why, created_at)
        SELECT person_id, id, 'digest', 'digest', event_id, {_title("zh")}, {_title("en")}, {_body("zh")},
               {_body("en")}, '/app/inbox', jsonb_build_object('count', n), :now
          FROM digest
    ), delivered AS (
        INSERT INTO notify.delivery (id, message_id, device_id, event_id, channel, urgency, status, next_at, expires_at)
        SELECT notify.new_id(), d.id, v.id, d.event_id, v.channel, 0, 'pending', :now, :expires_at
          FROM digest d JOIN notify.pushed_device v ON v.person_id = d.person_id
    ), settled AS (
        UPDATE notify.digest_line l
           SET settled_at = CASE WHEN n.verdict IN ('listed', 'left_out') THEN CAST(:now AS timestamptz) END,
               digest_id = d.id,
               due_at = CASE n.verdict WHEN 'tomorrow' THEN p.tomorrow WHEN 'asleep' THEN p.awake_at ELSE l.due_at END
          FROM line n JOIN person p USING (person_id)
               LEFT JOIN digest d ON d.person_id = n.person_id AND n.verdict = 'listed'
         WHERE l.person_id = n.person_id AND l.message_id = n.message_id
    )
    SELECT count(*) FROM line
    """  # noqa: S608
)
# One of which nothing is left is withdrawn as a whole; its delivery finds that out before it goes.
_REWRITE = text(
    f"""
    WITH touched AS MATERIALIZED (
        SELECT DISTINCT l.person_id, l.digest_id
          FROM notify.message m JOIN notify.digest_line l ON l.person_id = m.person_id AND l.message_id = m.id
         WHERE m.run_id = :run_id AND m.person_id > :after AND m.person_id <= :upto AND m.recalled_at IS NOT NULL
           AND l.digest_id IS NOT NULL
    ), standing AS MATERIALIZED (
        SELECT t.person_id, t.digest_id, count(m.id) AS n,
               array_agg(coalesce(m.title_zh, c.title_zh) ORDER BY m.created_at, (m.why ->> 'rank')::int) AS titles_zh,
               array_agg(coalesce(m.title_en, c.title_en) ORDER BY m.created_at, (m.why ->> 'rank')::int) AS titles_en
          FROM touched t
               JOIN notify.digest_line l ON l.person_id = t.person_id AND l.digest_id = t.digest_id
               LEFT JOIN notify.message m ON m.person_id = l.person_id AND m.id = l.message_id
                                         AND m.recalled_at IS NULL
               LEFT JOIN notify.content c ON c.id = m.content_id
         GROUP BY t.person_id, t.digest_id
    )
    UPDATE notify.message d
       SET title_zh = CASE n WHEN 0 THEN d.title_zh ELSE {_title("zh")} END,
           title_en = CASE n WHEN 0 THEN d.title_en ELSE {_title("en")} END,
           body_zh = CASE n WHEN 0 THEN '' ELSE {_body("zh")} END,
           body_en = CASE n WHEN 0 THEN '' ELSE {_body("en")} END,
           why = d.why || jsonb_build_object('count', n),
           recalled_at = CASE n WHEN 0 THEN CAST(:now AS timestamptz) END
      FROM standing s
     WHERE d.person_id = s.person_id AND d.id = s.digest_id AND (d.why ->> 'count')::int <> s.n
    """  # noqa: S608
)

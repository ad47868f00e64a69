"""Who is to be told, in SQL: for each way of being inside the next people in order, and the writing of their messages.

A position that is fresh says where a device is and where it is not. Where there is none, the district counts: of the
device, or of a place that the person named.
"""

from __future__ import annotations

from sqlalchemy import text

# Where a device was seen lately, so that its district need not be asked.
_SEEN = "(d.position IS NOT NULL AND d.position_at IS NOT NULL AND d.position_at >= :known_since)"
# Always a condition that an index can answer, also in the first chunk: nobody has the id of zeros.
_AFTER = "person_id > coalesce(CAST(:after AS uuid), '00000000-0000-0000-0000-000000000000')"

PEOPLE = {
    # The whole city: whoever has a phone or a place, also those of whom nothing is known.
    "everybody": text(
        f"(SELECT DISTINCT person_id FROM notify.device WHERE gone_at IS NULL AND {_AFTER} "  # noqa: S608
        f"ORDER BY person_id LIMIT :limit) UNION (SELECT DISTINCT person_id FROM notify.place WHERE {_AFTER} "
        "ORDER BY person_id LIMIT :limit) ORDER BY person_id LIMIT :limit"
    ),
    # They named a place in a district that is named: wherever their phone is now.
    "named_place": text(
        f"SELECT DISTINCT person_id FROM notify.place WHERE district = :district AND {_AFTER} "  # noqa: S608
        "ORDER BY person_id LIMIT :limit"
    ),
    "inside": text(
        f"SELECT DISTINCT person_id FROM notify.alert_inside WHERE alert_id = :alert_id AND part = :part "  # noqa: S608
        f"AND {_AFTER} ORDER BY person_id LIMIT :limit"
    ),
    "named_device": text(
        f"SELECT DISTINCT person_id FROM notify.device WHERE district = :district AND gone_at IS NULL "  # noqa: S608
        f"AND {_AFTER} ORDER BY person_id LIMIT :limit"
    ),
    # Only the district of the device is known, and a shape overlaps it.
    "near_device": text(
        f"SELECT DISTINCT d.person_id FROM notify.device AS d WHERE d.district = :district "  # noqa: S608
        f"AND d.gone_at IS NULL AND NOT {_SEEN} AND {_AFTER} ORDER BY d.person_id LIMIT :limit"
    ),
    # Only places are known of the person, and a shape overlaps the district of one.
    "near_place": text(
        f"SELECT DISTINCT person_id FROM notify.place AS p WHERE p.district = :district AND {_AFTER} "  # noqa: S608
        "AND NOT EXISTS (SELECT FROM notify.device AS d "
        f"WHERE d.person_id = p.person_id AND d.gone_at IS NULL AND {_SEEN}) "
        "ORDER BY person_id LIMIT :limit"
    ),
    "told": text(
        f"SELECT DISTINCT person_id FROM notify.message WHERE event_id = :about AND {_AFTER} "  # noqa: S608
        "ORDER BY person_id LIMIT :limit"
    ),
    "left": text(
        f"SELECT DISTINCT person_id FROM notify.message AS m WHERE event_id = :about AND {_AFTER} "  # noqa: S608
        "AND NOT EXISTS (SELECT FROM notify.message AS n WHERE n.event_id = :update AND n.person_id = m.person_id) "
        "ORDER BY person_id LIMIT :limit"
    ),
}

_MESSAGES = """
    WITH part AS (
        SELECT content_id, urgency, named FROM notify.alert_part WHERE alert_id = :alert_id AND part = :part
    ), told AS (
        INSERT INTO notify.message (person_id, id, kind, why, event_id, created_at, basis, content_id, alert_id)
        SELECT n.person_id, n.id, 'alert', '{}', :alert_id, :now, 'alert', part.content_id, :alert_id
          FROM unnest(CAST(:people AS uuid[]), CAST(:ids AS uuid[])) AS n (person_id, id), part
        ON CONFLICT ON CONSTRAINT message_once_per_event DO NOTHING
        RETURNING id, person_id
    )"""
# LINE costs money for each message: it is for people whom no push reaches.
_DELIVERIES = """
        INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at, channel, urgency)
        SELECT gen_random_uuid(), told.id, d.id, :alert_id, 'pending', :now, :expires_at,
               notify.channel_of(d.kind, d.push_service), part.urgency
          FROM told
          JOIN notify.device AS d ON d.person_id = told.person_id AND d.gone_at IS NULL
               AND (d.kind <> 'line' OR NOT EXISTS (
                        SELECT FROM notify.device AS o
                         WHERE o.person_id = d.person_id AND o.gone_at IS NULL AND o.kind <> 'line')),
               part"""
# A device that is known to be elsewhere is left alone, unless a place that its owner named or the whole city is
# concerned.
TELL = text(
    f"""{_MESSAGES}, lined_up AS ({_DELIVERIES}
         WHERE :everywhere OR NOT {_SEEN} OR d.district = ANY(part.named)
            OR EXISTS (SELECT FROM notify.alert_inside AS i
                        WHERE i.alert_id = :alert_id AND i.part = :part AND i.person_id = d.person_id
                          AND i.device_id = d.id)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM told) AS people, (SELECT count(*) FROM lined_up) AS devices
    """  # noqa: S608
)
# What follows an alert goes to the devices that the alert has reached, or may have.
TELL_AGAIN = text(
    f"""{_MESSAGES}, lined_up AS ({_DELIVERIES}
         WHERE EXISTS (SELECT FROM notify.message AS m JOIN notify.delivery AS x ON x.message_id = m.id
                        WHERE m.event_id = ANY(:abouts) AND m.person_id = told.person_id AND x.device_id = d.id
                          AND x.attempts > 0 AND x.status <> 'withdrawn')
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM told) AS people, (SELECT count(*) FROM lined_up) AS devices
    """  # noqa: S608
)

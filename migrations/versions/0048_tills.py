"""How much may be used in how long; pay codes that a phone makes, and what a till asked of whom."""

from __future__ import annotations

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

LIMITS = """
CREATE TABLE points.velocity_limit (
    code text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{2,40}$'),
    scope text NOT NULL CHECK (scope IN ('person', 'device', 'merchant', 'partner')),
    span interval NOT NULL CHECK (span BETWEEN interval '1 minute' AND interval '31 days'),
    most_points bigint CHECK (most_points > 0),
    most_times bigint CHECK (most_times > 0),
    valid_from timestamptz NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (code, valid_from)
);
COMMENT ON TABLE points.velocity_limit IS 'More uses or points than this within the span wait for a desk''s look. Of each '
    'code the newest row counts; one that names neither points nor times ends the limit.';
INSERT INTO points.velocity_limit (code, scope, span, most_points, most_times, valid_from, source) VALUES
    ('person_ten_minutes', 'person', '10 minutes', NULL, 6, '2026-01-01', 'assumption, to be set by the economic bureau'),
    ('person_day', 'person', '24 hours', 5000, 30, '2026-01-01', 'assumption, to be set by the economic bureau'),
    ('person_month', 'person', '30 days', 30000, NULL, '2026-01-01', 'assumption, to be set by the economic bureau'),
    ('device_day', 'device', '24 hours', 5000, 40, '2026-01-01', 'assumption, to be set by the economic bureau'),
    ('merchant_hour', 'merchant', '1 hour', 100000, NULL, '2026-01-01', 'assumption, to be set by the economic bureau'),
    ('merchant_day', 'merchant', '24 hours', 500000, NULL, '2026-01-01', 'assumption, to be set by the economic bureau'),
    ('partner_day', 'partner', '24 hours', 2000000, NULL, '2026-01-01', 'assumption, to be set by the economic bureau');

CREATE TABLE points.use_count (
    scope text NOT NULL,
    subject text NOT NULL,
    since timestamptz NOT NULL,
    slot smallint NOT NULL,
    points bigint NOT NULL,
    times bigint NOT NULL,
    PRIMARY KEY (scope, subject, since, slot)
) WITH (fillfactor = 70);
COMMENT ON TABLE points.use_count IS 'Uses of points by minute (person, device) or quarter of an hour (merchant, partner).';
COMMENT ON COLUMN points.use_count.slot IS 'A merchant''s tills count side by side, so that none waits for another.';

CREATE FUNCTION points.count_width(p_scope text) RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN p_scope IN ('person', 'device') THEN interval '1 minute' ELSE interval '15 minutes' END $$;

-- Counts one use for each subject, unless a limit would be exceeded by it: then answers that limit, and counts nothing.
-- p_in_any_case counts it all the same. Whoever counts for a person or a device waits for whoever does so at the time,
-- in one order everywhere, so that two at once see each other; a merchant's or a partner's tills do not wait.
CREATE FUNCTION points.count_use(
    p_scopes text[], p_subjects text[], p_points bigint, p_now timestamptz, p_in_any_case boolean
) RETURNS TABLE (code text, scope text, span interval, most_points bigint, most_times bigint, used_points bigint,
                 used_times bigint)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(s.named, 11))
       FROM (SELECT u.scope || ' ' || u.subject AS named FROM unnest(p_scopes, p_subjects) AS u(scope, subject)
              WHERE u.scope IN ('person', 'device') ORDER BY 1) AS s;
    IF NOT p_in_any_case THEN
        RETURN QUERY
            SELECT l.code, l.scope, l.span, l.most_points, l.most_times, used.points, used.times
              FROM (SELECT DISTINCT ON (v.code) v.* FROM points.velocity_limit AS v WHERE v.valid_from <= p_now
                     ORDER BY v.code, v.valid_from DESC) AS l
              JOIN unnest(p_scopes, p_subjects) AS s(scope, subject) ON s.scope = l.scope
             CROSS JOIN LATERAL (
                SELECT coalesce(sum(c.points), 0)::bigint AS points, coalesce(sum(c.times), 0)::bigint AS times
                  FROM points.use_count AS c
                 WHERE c.scope = s.scope AND c.subject = s.subject
                   AND c.since > p_now - l.span - points.count_width(l.scope)) AS used
             WHERE used.points + p_points > l.most_points OR used.times + 1 > l.most_times
             ORDER BY l.span, l.code LIMIT 1;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    INSERT INTO points.use_count AS c (scope, subject, since, slot, points, times)
    SELECT s.scope, s.subject, date_bin(points.count_width(s.scope), p_now, timestamptz '2020-01-01'),
           CASE WHEN s.scope IN ('person', 'device') THEN 0 ELSE pg_backend_pid() % 16 END, p_points, 1
      FROM unnest(p_scopes, p_subjects) AS s(scope, subject) ORDER BY 1, 2
    ON CONFLICT ON CONSTRAINT use_count_pkey DO UPDATE
       SET points = c.points + excluded.points, times = c.times + excluded.times;
END $$;
"""

PAY_CODES = """
CREATE TABLE points.till_rule (
    valid_from timestamptz PRIMARY KEY,
    confirm_above bigint NOT NULL CHECK (confirm_above >= 0),
    confirm_seconds integer NOT NULL CHECK (confirm_seconds BETWEEN 10 AND 600),
    offline_most bigint NOT NULL CHECK (offline_most BETWEEN 0 AND confirm_above),
    online_seconds integer NOT NULL CHECK (online_seconds BETWEEN 30 AND 600),
    token_seconds integer NOT NULL CHECK (token_seconds BETWEEN 60 AND 3600),
    void_hours integer NOT NULL CHECK (void_hours BETWEEN 1 AND 72),
    held_days integer NOT NULL CHECK (held_days BETWEEN 1 AND 30),
    source text NOT NULL
);
COMMENT ON TABLE points.till_rule IS 'The newest row that has begun counts.';
COMMENT ON COLUMN points.till_rule.confirm_above IS 'More points than this are confirmed on the phone with the passkey.';
COMMENT ON COLUMN points.till_rule.offline_most IS 'Points that one key may spend in all once its phone may be offline.';
COMMENT ON COLUMN points.till_rule.online_seconds IS 'For so long after a phone got its key, it counts as online.';
INSERT INTO points.till_rule VALUES
    ('2026-01-01', 500, 60, 200, 120, 600, 24, 3, 'assumption, to be set by the economic bureau');

CREATE TABLE points.pay_token (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE CHECK (number ~ '^[0-9]{12}$'),
    person_id uuid NOT NULL,
    session_id uuid NOT NULL,
    sealed_key bytea NOT NULL,
    made_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    revoked_at timestamptz
);
COMMENT ON TABLE points.pay_token IS 'The key from which one phone makes its codes for some minutes, sealed.';
CREATE INDEX pay_token_person ON points.pay_token (person_id, made_at);
CREATE INDEX pay_token_old ON points.pay_token (valid_until);

CREATE TABLE points.pay_code_use (
    token_id uuid NOT NULL,
    step bigint NOT NULL,
    redemption_id uuid NOT NULL,
    offline_points bigint NOT NULL,
    PRIMARY KEY (token_id, step)
);
COMMENT ON TABLE points.pay_code_use IS 'A code is good once.';

CREATE TABLE points.wrong_try (
    kind text NOT NULL CHECK (kind IN ('code', 'pin', 'enrolment')),
    subject text NOT NULL,
    used integer NOT NULL,
    resets_at timestamptz NOT NULL,
    PRIMARY KEY (kind, subject)
);
COMMENT ON TABLE points.wrong_try IS 'Codes and PINs that were wrong, by till; enrolment codes, by network.';

ALTER TABLE points.redemption
    ADD COLUMN reference varchar(64),
    ADD COLUMN session_id uuid,
    ADD COLUMN sale_twd bigint,
    ADD COLUMN decided_by uuid,
    ADD COLUMN decided_at timestamptz;
COMMENT ON COLUMN points.redemption.reference IS 'The till''s own number for the sale; one redemption for each.';
COMMENT ON COLUMN points.redemption.session_id IS 'The sign-in on the phone that was shown or that scanned: its device.';
COMMENT ON COLUMN points.redemption.decided_by IS 'The officer who looked at it where it was held.';
"""
INDEXES = (
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS redemption_reference ON points.redemption (till_id, reference) "
    "WHERE reference IS NOT NULL",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS redemption_held ON points.redemption (created_at, id) "
    "WHERE status = 'held'",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS redemption_of_day ON points.redemption (branch_id, business_day)",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS redemption_held_until ON points.redemption (answer_by) "
    "WHERE status = 'held'",
)


def upgrade() -> None:
    """Build the tables; the indexes of what is there already without a lock that others wait for."""
    op.execute(LIMITS)
    op.execute(PAY_CODES)
    with op.get_context().autocommit_block():
        for statement in INDEXES:
            op.execute(statement)


def downgrade() -> None:
    """Remove them; what was counted is lost."""
    op.execute(
        """
        DROP INDEX points.redemption_reference, points.redemption_held, points.redemption_of_day,
                   points.redemption_held_until;
        ALTER TABLE points.redemption DROP COLUMN reference, DROP COLUMN session_id, DROP COLUMN sale_twd,
            DROP COLUMN decided_by, DROP COLUMN decided_at;
        DROP TABLE points.wrong_try, points.pay_code_use, points.pay_token, points.till_rule;
        DROP FUNCTION points.count_use(text[], text[], bigint, timestamptz, boolean);
        DROP FUNCTION points.count_width(text);
        DROP TABLE points.use_count, points.velocity_limit;
        """
    )

"""Topics, subscriptions, campaigns, the cap and alerts: the tables that the parts of notify share."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

OFFICERS = """
ALTER TABLE identity.officer DROP CONSTRAINT officer_bureau_check;
ALTER TABLE identity.officer ADD CONSTRAINT officer_bureau_check
    CHECK (bureau IN ('parking', 'fines', 'treasury', 'civil_affairs', 'rdec', 'culture', 'public_works', 'education',
                      'fire', 'social_affairs')) NOT VALID;
ALTER TABLE identity.officer VALIDATE CONSTRAINT officer_bureau_check;
ALTER TABLE identity.officer DROP CONSTRAINT officer_roles_check;
ALTER TABLE identity.officer ADD CONSTRAINT officer_roles_check CHECK (
    cardinality(roles) > 0 AND
    roles <@ '{finance,auditor,bureau_officer,counter,operator,registrar,editor,publisher,duty_officer}') NOT VALID;
ALTER TABLE identity.officer VALIDATE CONSTRAINT officer_roles_check;
"""

TOPICS = """
CREATE TABLE notify.topic (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9_.-]{2,60}$'),
    bureau text NOT NULL,
    name_zh text NOT NULL, name_en text NOT NULL,
    purpose_zh text NOT NULL, purpose_en text NOT NULL,
    sample_title_zh text NOT NULL, sample_title_en text NOT NULL,
    sample_body_zh text NOT NULL, sample_body_en text NOT NULL,
    legal_basis_zh text NOT NULL, legal_basis_en text NOT NULL,
    channels text[] NOT NULL DEFAULT '{push}',
    highest_priority smallint NOT NULL DEFAULT 2 CHECK (highest_priority BETWEEN 1 AND 4),
    subject_kind text,
    endings jsonb NOT NULL CHECK (jsonb_typeof(endings) = 'array'),
    facts text[] NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('draft', 'open', 'closed')),
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON COLUMN notify.topic.facts IS 'Facts about people by which its audiences may be narrowed.';

CREATE TABLE notify.subscription (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    topic_id integer NOT NULL REFERENCES notify.topic,
    subject text NOT NULL DEFAULT '',
    subject_name jsonb,
    status text NOT NULL DEFAULT 'live' CHECK (status IN ('live', 'ended')),
    began_at timestamptz NOT NULL,
    began_how text NOT NULL,
    began_ref text,
    ends_at timestamptz,
    check_at timestamptz,
    sends integer NOT NULL DEFAULT 0,
    unopened integer NOT NULL DEFAULT 0,
    last_sent_at timestamptz,
    last_opened_at timestamptz,
    asked_at timestamptz,
    answer_by timestamptz,
    ended_at timestamptz,
    ended_how text,
    ended_ref text,
    version integer NOT NULL DEFAULT 1,
    CHECK ((status = 'ended') = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_how IS NULL)),
    CHECK ((asked_at IS NULL) = (answer_by IS NULL))
) WITH (fillfactor = 85);
COMMENT ON COLUMN notify.subscription.subject IS 'What it is about, where a topic is about many things: a bill, a vehicle, a road. Empty: the topic alone.';
COMMENT ON COLUMN notify.subscription.check_at IS 'When time alone may change it next.';
CREATE UNIQUE INDEX subscription_live ON notify.subscription (person_id, topic_id, subject) WHERE status = 'live';
CREATE INDEX subscription_of_person ON notify.subscription (person_id, began_at DESC);
CREATE INDEX subscription_of_topic ON notify.subscription (topic_id, person_id) WHERE status = 'live';
CREATE INDEX subscription_about ON notify.subscription (subject) WHERE status = 'live' AND subject <> '';
CREATE INDEX subscription_to_check ON notify.subscription (check_at) WHERE status = 'live' AND check_at IS NOT NULL;
"""

PEOPLE = """
CREATE TABLE notify.preference (
    person_id uuid PRIMARY KEY,
    daily_cap smallint NOT NULL DEFAULT 3 CHECK (daily_cap BETWEEN 0 AND 20),
    quiet_from time NOT NULL DEFAULT '22:00',
    quiet_until time NOT NULL DEFAULT '07:00',
    timezone text NOT NULL DEFAULT 'Asia/Taipei',
    takes_digest boolean NOT NULL DEFAULT true,
    digest_at time NOT NULL DEFAULT '19:00',
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE notify.preference IS 'Only of those who changed something: everybody else has the defaults.';

CREATE TABLE notify.place (
    person_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('home', 'work', 'school')),
    district text NOT NULL,
    agreed_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, kind)
);
CREATE INDEX place_in_district ON notify.place (district, person_id);

CREATE TABLE notify.fact (
    person_id uuid NOT NULL,
    name text NOT NULL,
    value text NOT NULL DEFAULT '',
    source text NOT NULL,
    allowed_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, name, value)
);
COMMENT ON TABLE notify.fact IS 'What a citizen allowed to be used for choosing who is told; taken back means deleted.';
CREATE INDEX fact_named ON notify.fact (name, value, person_id);

CREATE TABLE notify.interest (
    person_id uuid NOT NULL,
    topic_id integer NOT NULL REFERENCES notify.topic,
    sent integer NOT NULL DEFAULT 0,
    opened integer NOT NULL DEFAULT 0,
    dismissed integer NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, topic_id)
) WITH (fillfactor = 80);
"""

CAMPAIGNS = """
CREATE TABLE notify.content (
    id uuid PRIMARY KEY,
    title_zh text NOT NULL, title_en text NOT NULL,
    body_zh text NOT NULL, body_en text NOT NULL,
    link text NOT NULL,
    why jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE notify.content IS 'Words that many messages share; a message with fields of its own carries its own words.';

CREATE TABLE notify.campaign (
    id uuid PRIMARY KEY,
    bureau text NOT NULL,
    topic_id integer NOT NULL REFERENCES notify.topic,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    state text NOT NULL DEFAULT 'draft' CHECK (state IN
        ('draft', 'submitted', 'scheduled', 'sending', 'paused', 'done', 'recalled', 'cancelled')),
    content jsonb NOT NULL,
    audience jsonb NOT NULL,
    priority smallint NOT NULL DEFAULT 2 CHECK (priority BETWEEN 1 AND 4),
    deadline timestamptz,
    schedule jsonb NOT NULL,
    next_run_at timestamptz,
    channels jsonb NOT NULL DEFAULT '{}',
    written_by uuid NOT NULL,
    submitted_by uuid,
    submitted_at timestamptz,
    approved_by uuid,
    approved_at timestamptz,
    approved_hash bytea,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT campaign_four_eyes CHECK (approved_by IS NULL OR
        (approved_by <> submitted_by AND approved_by <> written_by AND approved_hash IS NOT NULL)),
    CONSTRAINT campaign_approved_before_it_is_sent CHECK
        (state IN ('draft', 'submitted', 'cancelled') OR approved_by IS NOT NULL)
);
CREATE INDEX campaign_of_bureau ON notify.campaign (bureau, created_at DESC);
CREATE INDEX campaign_to_run ON notify.campaign (next_run_at) WHERE state IN ('scheduled', 'sending') AND next_run_at IS NOT NULL;

CREATE TABLE notify.run (
    id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES notify.campaign,
    content_id uuid NOT NULL REFERENCES notify.content,
    status text NOT NULL DEFAULT 'resolving' CHECK (status IN ('resolving', 'deciding', 'done', 'stopped')),
    is_held boolean NOT NULL DEFAULT false,
    round_at timestamptz NOT NULL,
    deadline timestamptz NOT NULL,
    resolved_to uuid,
    begun_at timestamptz NOT NULL,
    resolved_at timestamptz,
    ended_at timestamptz
);
COMMENT ON COLUMN notify.run.round_at IS 'From when its people are decided on, together with every other run of that round.';
COMMENT ON COLUMN notify.run.resolved_to IS 'The person up to whom its audience is resolved: a crash goes on from here.';
CREATE INDEX run_of_campaign ON notify.run (campaign_id, begun_at DESC);
CREATE INDEX run_open ON notify.run (round_at) WHERE status IN ('resolving', 'deciding');

CREATE TABLE notify.run_tally (
    run_id uuid NOT NULL,
    what text NOT NULL,
    part smallint NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (run_id, what, part)
) WITH (fillfactor = 60);
COMMENT ON TABLE notify.run_tally IS 'Counts of a run in 16 parts, so that workers do not queue at one row; nobody counts messages to know them.';
"""

CAP = """
CREATE TABLE notify.candidate (
    run_id uuid NOT NULL,
    person_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    topic_id integer NOT NULL,
    priority smallint NOT NULL,
    deadline timestamptz NOT NULL,
    interest real NOT NULL DEFAULT 0.5,
    not_before timestamptz NOT NULL,
    waited smallint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN
        ('waiting', 'sent', 'digested', 'expired', 'withdrawn')),
    reason text,
    fields jsonb,
    decided_at timestamptz,
    PRIMARY KEY (run_id, person_id)
) WITH (fillfactor = 80);
CREATE INDEX candidate_due ON notify.candidate (not_before, person_id) WHERE status = 'waiting';
CREATE INDEX candidate_of_person ON notify.candidate (person_id) WHERE status = 'waiting';

CREATE TABLE notify.person_day (
    person_id uuid NOT NULL,
    day date NOT NULL,
    used smallint NOT NULL DEFAULT 0,
    digest_id uuid,
    PRIMARY KEY (person_id, day)
) WITH (fillfactor = 80);
COMMENT ON TABLE notify.person_day IS 'How many messages of campaigns rang for a person on a day of theirs; locked by whoever decides.';
"""

ALERTS = """
CREATE TABLE notify.alert (
    id uuid PRIMARY KEY,
    identifier text NOT NULL,
    sender text NOT NULL,
    sent_at timestamptz NOT NULL,
    CONSTRAINT alert_named_once UNIQUE (sender, identifier, sent_at),
    status text NOT NULL CHECK (status IN ('awaiting_approval', 'sending', 'sent', 'refused', 'cancelled', 'recorded')),
    is_drill boolean NOT NULL DEFAULT false,
    msg_type text NOT NULL,
    supersedes uuid,
    source text NOT NULL,
    is_signature_trusted boolean NOT NULL DEFAULT false,
    severity text NOT NULL,
    content_id uuid REFERENCES notify.content,
    parsed jsonb NOT NULL,
    document bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    received_by uuid,
    received_at timestamptz NOT NULL,
    approved_by uuid,
    approved_at timestamptz,
    resolved_to uuid,
    resolved_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT alert_four_eyes CHECK (approved_by IS NULL OR received_by IS NULL OR approved_by <> received_by)
);
CREATE INDEX alert_newest ON notify.alert (received_at DESC);
CREATE INDEX alert_to_send ON notify.alert (received_at) WHERE status = 'sending';
"""

MESSAGES = """
ALTER TABLE notify.message ALTER COLUMN title_zh DROP NOT NULL, ALTER COLUMN title_en DROP NOT NULL,
    ALTER COLUMN body_zh DROP NOT NULL, ALTER COLUMN body_en DROP NOT NULL, ALTER COLUMN link DROP NOT NULL,
    ADD COLUMN IF NOT EXISTS basis text NOT NULL DEFAULT 'transaction',
    ADD COLUMN IF NOT EXISTS content_id uuid,
    ADD COLUMN IF NOT EXISTS subscription_id uuid,
    ADD COLUMN IF NOT EXISTS run_id uuid,
    ADD COLUMN IF NOT EXISTS alert_id uuid,
    ADD COLUMN IF NOT EXISTS recalled_at timestamptz,
    ADD COLUMN IF NOT EXISTS opened_at timestamptz,
    ADD COLUMN IF NOT EXISTS dismissed_at timestamptz;
"""
HAS_WORDS = """
    content_id IS NOT NULL OR (title_zh IS NOT NULL AND title_en IS NOT NULL AND body_zh IS NOT NULL AND body_en IS NOT NULL
     AND link IS NOT NULL)
"""
HAS_GROUND = """
    CASE basis WHEN 'transaction' THEN true WHEN 'test' THEN true WHEN 'digest' THEN true
               WHEN 'subscription' THEN subscription_id IS NOT NULL AND run_id IS NOT NULL
               WHEN 'question' THEN subscription_id IS NOT NULL
               WHEN 'alert' THEN alert_id IS NOT NULL ELSE false END
"""

DELIVERIES = """
ALTER TABLE notify.delivery ALTER COLUMN device_id DROP NOT NULL,
    ADD COLUMN IF NOT EXISTS channel text NOT NULL DEFAULT 'push',
    ADD COLUMN IF NOT EXISTS urgency smallint NOT NULL DEFAULT 2;
COMMENT ON COLUMN notify.delivery.urgency IS '9: an emergency; 5: a transaction; 1 to 4: a campaign by its priority; 0: silent.';
"""
CHANNELS = "channel IN ('push', 'webpush', 'sms', 'line') AND (device_id IS NOT NULL OR channel = 'sms')"
STATUSES = "status IN ('pending', 'handed_over', 'gone', 'given_up', 'withdrawn')"

DEVICES = """
ALTER TABLE notify.device
    ADD COLUMN IF NOT EXISTS receipt_key_sealed bytea,
    ADD COLUMN IF NOT EXISTS position point,
    ADD COLUMN IF NOT EXISTS position_at timestamptz,
    ADD COLUMN IF NOT EXISTS district text;
COMMENT ON COLUMN notify.device.position IS '(longitude, latitude) rounded to 0.001 degree, only the last one, only where the citizen agreed.';
"""
DEVICE_KINDS = "kind IN ('fid', 'fcm_token', 'webpush', 'line')"


def upgrade() -> None:
    """Change the tables that are full, step by step beside their users; then add the new ones."""
    live.briefly(MESSAGES)
    live.check("notify.message", "message_has_words", HAS_WORDS)
    live.check("notify.message", "message_has_ground", HAS_GROUND)
    live.briefly(DELIVERIES)
    live.check("notify.delivery", "delivery_channel", CHANNELS)
    live.check("notify.delivery", "delivery_status_check", STATUSES)
    live.briefly(DEVICES)
    live.check("notify.device", "device_kind_check", DEVICE_KINDS)
    live.index("notify", "message_of_run", "ON notify.message (run_id, person_id) WHERE run_id IS NOT NULL")
    live.index("notify", "delivery_in_turn", "ON notify.delivery (urgency DESC, next_at) WHERE status = 'pending'")
    live.index(
        "notify",
        "delivery_once_by_sms",
        "ON notify.delivery (message_id, channel) WHERE device_id IS NULL",
        unique=True,
    )
    live.index(
        "notify",
        "device_at",
        "ON notify.device USING spgist (position) WHERE gone_at IS NULL AND position IS NOT NULL",
    )
    live.index(
        "notify", "device_in_district", "ON notify.device (district) WHERE gone_at IS NULL AND district IS NOT NULL"
    )
    for statements in (OFFICERS, TOPICS, PEOPLE, CAMPAIGNS, CAP, ALERTS):
        op.execute(statements)


def downgrade() -> None:
    """Nothing: messages of campaigns have no place in the tables of before."""

"""Subscriptions: what happened to each, what they are about, and what life events offer."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TOPICS = """
ALTER TABLE notify.topic
    ADD COLUMN most_sends integer GENERATED ALWAYS AS
        (jsonb_path_query_first(endings, '$[*] ? (@.rule == "count").most')::int) STORED,
    ADD COLUMN silent_sends integer GENERATED ALWAYS AS
        (jsonb_path_query_first(endings, '$[*] ? (@.rule == "silence").sends')::int) STORED,
    ADD COLUMN silent_days integer GENERATED ALWAYS AS
        (jsonb_path_query_first(endings, '$[*] ? (@.rule == "silence").days')::int) STORED,
    ADD COLUMN offered_at text,
    ADD COLUMN offered_days integer CHECK (offered_days > 0),
    ADD CONSTRAINT topic_offers_end CHECK ((offered_at IS NULL) = (offered_days IS NULL));
COMMENT ON COLUMN notify.topic.offered_at IS 'The kind of life event at which people are offered it, already dated to end.';
"""

SUBSCRIPTIONS = """
ALTER TABLE notify.subscription ADD COLUMN IF NOT EXISTS unopened_since timestamptz,
    ADD COLUMN IF NOT EXISTS district text, ADD COLUMN IF NOT EXISTS renewed_at timestamptz;
COMMENT ON COLUMN notify.subscription.unopened_since IS 'When the oldest message was sent after which none was opened.';
COMMENT ON COLUMN notify.subscription.district IS 'Where the thing is that it is about: whoever leaves that district needs it no more.';
"""
ENDED_HOW = """
    ended_how IN ('citizen', 'date', 'need_passed', 'moved_away', 'silence', 'count', 'topic_closed', 'replaced')
"""
BEGAN_HOW = "began_how IN ('citizen', 'offer', 'renewal', 'need_returned')"

HISTORY = """
CREATE TABLE IF NOT EXISTS notify.subscription_event (
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    subscription_id uuid NOT NULL REFERENCES notify.subscription,
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (what IN ('began', 'changed', 'asked', 'answered', 'renewed', 'ended')),
    how text NOT NULL,
    ref text,
    ends_at timestamptz,
    PRIMARY KEY (person_id, id)
);
COMMENT ON TABLE notify.subscription_event IS 'All that happened to a subscription, by what, and why. Append-only.';
COMMENT ON COLUMN notify.subscription_event.how IS 'Who or which rule: citizen, offer, renewal, date, need_passed, silence, ….';
CREATE INDEX IF NOT EXISTS subscription_event_of ON notify.subscription_event (subscription_id, id);

CREATE OR REPLACE FUNCTION notify.keep_subscriptions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: what people subscribed to is kept', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER subscription_is_kept BEFORE DELETE OR TRUNCATE ON notify.subscription
    FOR EACH STATEMENT EXECUTE FUNCTION notify.keep_subscriptions();
CREATE OR REPLACE TRIGGER subscription_event_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON notify.subscription_event
    FOR EACH STATEMENT EXECUTE FUNCTION notify.keep_subscriptions();
"""

SUBJECTS = """
CREATE TABLE notify.subject (
    subject text PRIMARY KEY,
    kind text NOT NULL,
    bureau text NOT NULL,
    person_id uuid,
    name_zh text NOT NULL, name_en text NOT NULL,
    district text,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_ref text,
    settled_at timestamptz
);
COMMENT ON TABLE notify.subject IS 'Things that a bureau told of and that people may subscribe to: roadworks, permits, cases.';
COMMENT ON COLUMN notify.subject.person_id IS 'Whose it is; null: anybody''s, as roadworks are.';
COMMENT ON COLUMN notify.subject.settled_at IS 'When every subscription about it had ended, after it was closed.';
CREATE INDEX subject_open_to_all ON notify.subject (kind, district) WHERE closed_at IS NULL AND person_id IS NULL;
CREATE INDEX subject_of_person ON notify.subject (person_id, kind) WHERE closed_at IS NULL AND person_id IS NOT NULL;
CREATE INDEX subject_to_settle ON notify.subject (closed_at) WHERE closed_at IS NOT NULL AND settled_at IS NULL;
"""

FACTS = """
CREATE TABLE notify.fact_permission (
    person_id uuid NOT NULL,
    name text NOT NULL,
    allowed_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, name)
);
COMMENT ON TABLE notify.fact_permission IS 'That a fact may be used, whether it is true today or not; taken back means deleted.';
"""

LIFE_EVENTS = """
CREATE TABLE notify.life_event (
    id uuid PRIMARY KEY,
    bureau text NOT NULL,
    reference text NOT NULL,
    kind text NOT NULL,
    person_id uuid,
    subject text,
    at timestamptz NOT NULL,
    body_hash bytea NOT NULL,
    received_at timestamptz NOT NULL,
    CONSTRAINT life_event_told_once UNIQUE (bureau, reference)
);
CREATE INDEX life_event_about ON notify.life_event (subject) WHERE subject IS NOT NULL;
COMMENT ON COLUMN notify.life_event.body_hash IS 'Keyed: tells the same report from another one under its reference; it names nobody.';

CREATE TABLE notify.offer (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    topic_id integer NOT NULL REFERENCES notify.topic,
    subject text NOT NULL DEFAULT '',
    because text NOT NULL,
    life_event_id uuid NOT NULL REFERENCES notify.life_event,
    ends_on date NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'accepted', 'declined', 'lapsed')),
    offered_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    closed_at timestamptz,
    subscription_id uuid,
    CONSTRAINT offer_made_once UNIQUE (life_event_id, person_id, topic_id),
    CHECK ((status = 'open') = (closed_at IS NULL)),
    CHECK ((status = 'accepted') = (subscription_id IS NOT NULL))
);
CREATE INDEX offer_of_person ON notify.offer (person_id, offered_at DESC);
CREATE INDEX offer_to_lapse ON notify.offer (expires_at) WHERE status = 'open';
"""


def upgrade() -> None:
    """Add what happened to subscriptions, what they are about, what may be used, life events and offers."""
    live.briefly(SUBSCRIPTIONS)
    live.check("notify.subscription", "subscription_ended_how", ENDED_HOW)
    live.check("notify.subscription", "subscription_began_how", BEGAN_HOW)
    live.index(
        "notify",
        "subscription_settled",
        "ON notify.subscription (subject) WHERE status = 'ended' AND ended_how = 'need_passed' AND subject <> ''",
    )
    live.index(
        "notify",
        "subscription_in_district",
        "ON notify.subscription (person_id, district) WHERE status = 'live' AND district IS NOT NULL",
    )
    live.briefly(HISTORY)
    for statements in (TOPICS, SUBJECTS, FACTS, LIFE_EVENTS):
        op.execute(statements)


def downgrade() -> None:
    """Nothing: what people subscribed to is kept."""

"""Campaigns: their history, what each sending was for, templates, an officer's own phone, and the estimates given."""

from __future__ import annotations

from alembic import op

from migrations import live

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

CAMPAIGNS = """
CREATE TABLE notify.campaign_event (
    campaign_id uuid NOT NULL REFERENCES notify.campaign,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (what IN ('written', 'changed', 'submitted', 'returned', 'approved', 'begun', 'paused',
        'resumed', 'cancelled', 'recalled', 'done', 'too_late', 'stopped')),
    by_officer uuid,
    by_name text NOT NULL DEFAULT '',
    from_state text,
    to_state text NOT NULL,
    version integer NOT NULL,
    hash bytea,
    words jsonb,
    note text NOT NULL DEFAULT '',
    PRIMARY KEY (campaign_id, id)
);
COMMENT ON TABLE notify.campaign_event IS 'All that happened to a campaign, by whom. Append-only.';
COMMENT ON COLUMN notify.campaign_event.words IS 'Exactly what was submitted or approved.';

CREATE FUNCTION notify.keep_campaign_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'notify.campaign_event only grows' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER campaign_event_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON notify.campaign_event
    FOR EACH STATEMENT EXECUTE FUNCTION notify.keep_campaign_events();
"""

RUNS = """
ALTER TABLE notify.run
    ADD COLUMN scheduled_for timestamptz,
    ADD COLUMN stop_reason text,
    ADD COLUMN withdrawn_to uuid,
    ADD COLUMN withdrawn_at timestamptz;
COMMENT ON COLUMN notify.run.scheduled_for IS 'The moment that its campaign''s schedule names: it begins once for each.';
COMMENT ON COLUMN notify.run.stop_reason IS 'Why it was recalled, as its recipients read it.';
COMMENT ON COLUMN notify.run.withdrawn_to IS 'The person up to whom a stopped run is taken back: a crash goes on from here.';
CREATE UNIQUE INDEX run_once_for_each_moment ON notify.run (campaign_id, scheduled_for);
CREATE INDEX run_to_withdraw ON notify.run (id) WHERE status = 'stopped' AND withdrawn_at IS NULL;
COMMENT ON COLUMN notify.candidate.fields IS
    'Words of the person''s own where the campaign has them (title_zh, title_en, body_zh, body_en, link); else null.';

CREATE TABLE notify.trigger_fired (
    campaign_id uuid NOT NULL REFERENCES notify.campaign,
    subject text NOT NULL,
    person_id uuid NOT NULL,
    run_id uuid NOT NULL REFERENCES notify.run,
    fired_at timestamptz NOT NULL,
    PRIMARY KEY (campaign_id, subject, person_id)
);
COMMENT ON TABLE notify.trigger_fired IS 'Of which thing (a bill) a campaign has told whom: once, whatever comes again.';
CREATE INDEX trigger_fired_in_run ON notify.trigger_fired (run_id, person_id);
"""

DESK = """
CREATE TABLE notify.campaign_template (
    id uuid PRIMARY KEY,
    bureau text NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    topic text,
    content jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1,
    written_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX campaign_template_of_bureau ON notify.campaign_template (bureau, name);

CREATE TABLE notify.desk_phone_code (
    officer_id uuid PRIMARY KEY,
    code_hash bytea NOT NULL UNIQUE,
    expires_at timestamptz NOT NULL
);
CREATE TABLE notify.desk_phone (
    officer_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    linked_at timestamptz NOT NULL
);
COMMENT ON TABLE notify.desk_phone IS 'On whose phone an officer reads test messages: their own, linked from both sides.';
CREATE INDEX desk_phone_of_person ON notify.desk_phone (person_id);

CREATE TABLE notify.estimate (
    query_hash bytea NOT NULL,
    day date NOT NULL,
    answer jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (query_hash, day)
);
COMMENT ON TABLE notify.estimate IS 'What was answered to a question about an audience: the same again, all that day, to whoever asks.';
CREATE TABLE notify.estimate_asked (
    officer_id uuid NOT NULL,
    day date NOT NULL,
    query_hash bytea NOT NULL,
    bureau text NOT NULL,
    PRIMARY KEY (officer_id, day, query_hash)
);
CREATE INDEX estimate_asked_by_bureau ON notify.estimate_asked (bureau, day);
"""


def upgrade() -> None:
    """Add what campaigns need beside the tables that others read."""
    live.index("notify", "candidate_open", "ON notify.candidate (run_id, person_id) WHERE status = 'waiting'")
    for statements in (CAMPAIGNS, RUNS, DESK):
        op.execute(statements)


def downgrade() -> None:
    """Nothing: what was sent, and who approved it, is kept."""

"""Officers' shifts, people at a counter, visits with an officer, codes on paper and printed cards."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

OFFICERS = """
ALTER TABLE identity.officer DROP CONSTRAINT officer_bureau_check;
ALTER TABLE identity.officer ADD CONSTRAINT officer_bureau_check
    CHECK (bureau IN ('parking', 'fines', 'treasury', 'civil_affairs', 'rdec')) NOT VALID;
ALTER TABLE identity.officer VALIDATE CONSTRAINT officer_bureau_check;
ALTER TABLE identity.officer DROP CONSTRAINT officer_roles_check;
ALTER TABLE identity.officer ADD CONSTRAINT officer_roles_check CHECK (
    cardinality(roles) > 0 AND roles <@ '{finance,auditor,bureau_officer,counter,operator,registrar}') NOT VALID;
ALTER TABLE identity.officer VALIDATE CONSTRAINT officer_roles_check;
ALTER TABLE identity.officer ADD COLUMN shift int4multirange;
ALTER TABLE identity.officer ADD COLUMN national_id_index bytea CHECK (length(national_id_index) = 32);
COMMENT ON COLUMN identity.officer.shift IS
    'Minutes of the week in Taipei, Monday 00:00 being 0, in which they work; null: no hours are set.';
COMMENT ON COLUMN identity.officer.national_id_index IS 'Of their own ID number, so that nobody serves themself.';
"""

COUNTER = """
CREATE TABLE identity.counter_case (
    id uuid PRIMARY KEY,
    officer_id uuid NOT NULL REFERENCES identity.officer,
    person_id uuid REFERENCES identity.person,
    national_id_sealed bytea,
    national_id_index bytea NOT NULL CHECK (length(national_id_index) = 32),
    purpose text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 60),
    case_number text NOT NULL CHECK (length(case_number) BETWEEN 1 AND 60),
    outcome text NOT NULL CHECK (outcome IN ('found', 'nobody', 'own_record', 'too_many')),
    papers text[] NOT NULL DEFAULT '{}',
    written_at timestamptz,
    proofed_at timestamptz,
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX counter_case_of_officer ON identity.counter_case (officer_id, opened_at);
CREATE INDEX counter_case_open ON identity.counter_case (expires_at) WHERE national_id_sealed IS NOT NULL;
COMMENT ON TABLE identity.counter_case IS
    'Every look-up at a counter, refused ones too: who, for what purpose, under which case number.';
COMMENT ON COLUMN identity.counter_case.national_id_sealed IS 'While the case is open; blanked when it has lapsed.';

CREATE TABLE identity.counter_code (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES identity.person,
    code_hash bytea NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    made_by uuid NOT NULL REFERENCES identity.officer,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX counter_code_of_person ON identity.counter_code (person_id);
CREATE INDEX counter_code_expiry ON identity.counter_code (expires_at);

ALTER TABLE identity.ceremony DROP CONSTRAINT ceremony_kind_check;
ALTER TABLE identity.ceremony ADD CONSTRAINT ceremony_kind_check
    CHECK (kind IN ('registration', 'login', 'officer_enrolment', 'officer_login', 'counter_enrolment')) NOT VALID;
ALTER TABLE identity.ceremony VALIDATE CONSTRAINT ceremony_kind_check;
ALTER TABLE identity.ceremony DROP CONSTRAINT ceremony_code_check;
ALTER TABLE identity.ceremony ADD CONSTRAINT ceremony_code_check
    CHECK ((kind IN ('officer_enrolment', 'counter_enrolment')) = (code_id IS NOT NULL)) NOT VALID;
ALTER TABLE identity.ceremony VALIDATE CONSTRAINT ceremony_code_check;
"""

VISITS = """
ALTER TABLE identity.session ADD COLUMN officer_session_id uuid;
COMMENT ON COLUMN identity.session.officer_session_id IS 'A visit''s session answers while this session of the officer does.';

CREATE TABLE identity.visit (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('counter', 'phone')),
    person_id uuid NOT NULL REFERENCES identity.person,
    session_id uuid NOT NULL UNIQUE,
    officer_id uuid NOT NULL REFERENCES identity.officer,
    officer_session_id uuid NOT NULL,
    officer_bureau text NOT NULL,
    case_number text NOT NULL CHECK (length(case_number) BETWEEN 1 AND 60),
    begun_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > begun_at),
    closed_at timestamptz,
    end_reason text,
    CHECK ((closed_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX visit_open ON identity.visit (ends_at) WHERE closed_at IS NULL;
CREATE INDEX visit_of_officer ON identity.visit (officer_id, begun_at);
COMMENT ON COLUMN identity.visit.closed_at IS 'When it ended and the person was told what was done in it.';

CREATE TABLE identity.visit_act (
    visit_id uuid NOT NULL REFERENCES identity.visit,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    words_zh text NOT NULL,
    words_en text NOT NULL,
    PRIMARY KEY (visit_id, id)
);
"""

CARDS = """
CREATE TABLE identity.printed_card (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES identity.person,
    pin_hash text NOT NULL,
    code_count smallint NOT NULL CHECK (code_count BETWEEN 1 AND 100),
    issued_by uuid NOT NULL REFERENCES identity.officer,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX printed_card_of_person ON identity.printed_card (person_id) WHERE ended_at IS NULL;

CREATE TABLE identity.printed_card_code (
    card_id uuid NOT NULL REFERENCES identity.printed_card ON DELETE CASCADE,
    number smallint NOT NULL CHECK (number > 0),
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    used_at timestamptz,
    PRIMARY KEY (card_id, number)
);

CREATE TABLE identity.card_question (
    id uuid PRIMARY KEY,
    subject bytea NOT NULL CHECK (length(subject) = 32),
    card_id uuid REFERENCES identity.printed_card,
    code_number smallint NOT NULL,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    answered_at timestamptz
);
CREATE INDEX card_question_expiry ON identity.card_question (expires_at);
COMMENT ON COLUMN identity.card_question.card_id IS 'Null where there is no such card: the question looks the same.';

CREATE TABLE identity.phone_call (
    id uuid PRIMARY KEY,
    question_id uuid NOT NULL,
    officer_id uuid NOT NULL REFERENCES identity.officer,
    officer_session_id uuid NOT NULL,
    case_number text NOT NULL CHECK (length(case_number) BETWEEN 1 AND 60),
    code_hash bytea CHECK (length(code_hash) = 32),
    keypad_number text CHECK (keypad_number ~ '^[0-9]{6}$'),
    status text NOT NULL CHECK (status IN ('asked', 'keypad', 'confirmed', 'refused', 'served')),
    person_id uuid REFERENCES identity.person,
    begun_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX phone_call_keypad ON identity.phone_call (keypad_number) WHERE status = 'keypad';
CREATE INDEX phone_call_expiry ON identity.phone_call (expires_at);
COMMENT ON TABLE identity.phone_call IS
    'A caller at the 1999 line: the operator writes down the code that is used once, the caller keys in the PIN.';
"""


def upgrade() -> None:
    """Columns that may be null, wider checks and new tables: nothing that runs has to wait or to know."""
    for part in (OFFICERS, COUNTER, VISITS, CARDS):
        op.execute(part)

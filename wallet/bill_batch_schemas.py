"""What goes over the wire about the files that bureaus send."""

from marshmallow import Schema, fields, validate

from wallet.feed_profiles import PROFILES


class BillBatchQuery(Schema):
    """Which source the file is of."""

    source = fields.String(required=True, validate=validate.OneOf(tuple(PROFILES)))


class BillBatchSchema(Schema):
    """A file as it was taken over; the counts are lines."""

    id = fields.String(required=True)
    source = fields.String(required=True, validate=validate.OneOf(tuple(PROFILES)))
    status = fields.String(required=True, validate=validate.OneOf(("applied",)))
    rows = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    ignored = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    received_at = fields.String(required=True)
    refusals_url = fields.String(required=True)


class RefusedLineSchema(Schema):
    """A line that was refused. `raw` is the line as it was written; bytes that are no text come as U+FFFD."""

    row = fields.Integer(required=True)
    field = fields.String(required=True)
    reason = fields.String(required=True)
    raw = fields.String(required=True)

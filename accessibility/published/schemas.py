"""What goes over the wire of the feeds. GOFS documents share a head (GOFS 1.0, Output Format) around their own data."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields


class GofsDocumentSchema(Schema):
    last_updated = fields.Integer(required=True, metadata={"description": "seconds since 1970 (UTC)"})
    ttl = fields.Integer(required=True, metadata={"description": "seconds until it may be otherwise"})
    version = fields.String(required=True)
    data: Any = fields.Dict(keys=fields.String(), required=True)

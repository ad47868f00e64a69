"""A CAP 1.2 message in plain values: what `reading` makes of a document. Times are aware, distances in kilometres."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

# CAP 1.2 §3.2.1 and §3.2.2: the values that the enumerated elements may have.
STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
MESSAGE_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
)  # fmt: skip
RESPONSES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
# From the gravest to the least; Unknown says nothing, so it stands last.
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")


@dataclass(frozen=True, slots=True)
class Point:
    """A place on WGS 84, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Circle:
    """Everything within `radius_km` of a point; 0 is the point itself (an epicentre)."""

    center: Point
    radius_km: float


@dataclass(frozen=True, slots=True)
class Named:
    """A name and its value: an event code, a parameter, a geocode."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Area:
    """A described area. Polygons are closed: the first point stands again at the end."""

    description: str
    polygons: tuple[tuple[Point, ...], ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Named, ...] = ()
    altitude_ft: float | None = None
    ceiling_ft: float | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that a message points to. Nobody fetches it."""

    description: str
    mime_type: str
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """One `info`: what is expected, how grave it is, what to do, where; in one language."""

    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    language: str = "en-US"
    responses: tuple[str, ...] = ()
    audience: str | None = None
    event_codes: tuple[Named, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[Named, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """The message that another is about: its extended identifier (CAP 1.2 §3.2.1, references)."""

    sender: str
    identifier: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A whole CAP message. `has_signature`: the document holds a signature (§3.3.4.1), not that it is right."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    msg_type: str
    scope: str
    source: str | None = None
    restriction: str | None = None
    addresses: str | None = None
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: str | None = None
    infos: tuple[Info, ...] = field(default=())
    has_signature: bool = False

    @property
    def itself(self) -> Reference:
        """Its own extended identifier."""
        return Reference(self.sender, self.identifier, self.sent)

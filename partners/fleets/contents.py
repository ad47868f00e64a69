"""What telegrams say, as typed values. Moments are aware; on the wire they are Taipei time to the second.

Before a ride is bound a fleet learns places to about 100 m (`RoughPlace`), times, sizes and functions; name, telephone
number and doors (`Door`) go out in `CustomerTold` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

Function = Literal["W", "WT", "E", "S", "WW", "WE", "O", "SA", "NLA", "D2D", "DTD"]
FUNCTIONS: Final[tuple[Function, ...]] = get_args(Function)
"""What a ride must do for somebody: W wheelchair, WT can move to a seat, E electric, S scooter, WW wide, WE extended
leg, O room for oxygen, SA service animal, NLA never left alone, D2D door to door, DTD through the door."""

Phase = Literal["hold", "bind"]
NoOfferReason = Literal["no_vehicle", "too_large", "outside_area", "too_early", "too_late", "closed", "fleet_refuses"]
OrderState = Literal[
    "unknown", "asked", "held", "bound", "on_the_way", "at_door", "aboard", "done", "no_show", "cancelled", "lapsed"
]
CancelReason = Literal["released", "rider", "second_order", "changed", "rider_unwell", "other"]
TaskResult = Literal["performed", "no show", "no pickup"]

_ROUGH_DECIMALS: Final = 3


@dataclass(frozen=True, slots=True)
class RoughPlace:
    """A place to about 100 m: degrees (WGS 84) with three decimals, and its district. Made by `rough`."""

    latitude: float
    longitude: float
    district: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "latitude", round(self.latitude, _ROUGH_DECIMALS))
        object.__setattr__(self, "longitude", round(self.longitude, _ROUGH_DECIMALS))


@dataclass(frozen=True, slots=True)
class Door:
    """A place to the door. `address` is written as people write it (鳳山區光復路二段132巷8弄12之3號)."""

    latitude: float
    longitude: float
    district: str
    address: str
    directions: str = ""

    @property
    def rough(self) -> RoughPlace:
        """The same place as a fleet may know it before it is bound."""
        return RoughPlace(self.latitude, self.longitude, self.district)


@dataclass(frozen=True, slots=True)
class Chair:
    """What the vehicle must have room for; `weight_kg` is that of chair and person."""

    width_cm: int
    length_cm: int
    weight_kg: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A trip somebody would like. `companions` are others who ride along; `arrive_by` is when they must be there."""

    pickup: RoughPlace
    dropoff: RoughPlace
    pick_up_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime
    functions: tuple[Function, ...] = ()
    chair: Chair | None = None
    companions: int = 0
    arrive_by: datetime | None = None
    is_asap: bool = False
    may_be_pooled: bool = False
    stops: tuple[RoughPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class VehicleKind:
    """What would come: a model and the room in it, in centimetres and kilograms."""

    model: str
    chair_places: int
    seats: int
    widest_chair_cm: int
    longest_chair_cm: int
    heaviest_chair_kg: int
    has_lift: bool
    has_ramp: bool


@dataclass(frozen=True, slots=True)
class FleetOffer:
    """A fleet could do it. `offer` is the fleet's word for it, valid until `lapses_at`; it holds nothing yet.

    `price_twd` is the fare before any subsidy: an estimate when `is_metered`. `confidence` is from 0 to 1.
    """

    offer: str
    pick_up_at: datetime
    window_starts_at: datetime
    window_ends_at: datetime
    arrives_at: datetime
    price_twd: int
    is_metered: bool
    vehicle: VehicleKind
    lapses_at: datetime
    confidence: float
    is_pooled: bool = False
    ride_minutes_at_most: int | None = None


@dataclass(frozen=True, slots=True)
class NoOffer:
    """A fleet cannot do it. `next_at` is when it could, if it says so."""

    reason: NoOfferReason
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderWanted:
    """We take an offer: hold it for us, or bind what is held (`fleet_order`, the fleet's number of the hold)."""

    phase: Phase
    offer: str
    pickup: RoughPlace
    dropoff: RoughPlace
    pick_up_at: datetime
    companions: int = 0
    fleet_order: str | None = None


@dataclass(frozen=True, slots=True)
class FleetOrder:
    """A fleet's yes. Held until `lapses_at`, or bound."""

    state: Literal["held", "bound"]
    fleet_order: str
    pickup: RoughPlace
    dropoff: RoughPlace
    pick_up_at: datetime
    price_twd: int
    is_metered: bool
    lapses_at: datetime | None = None
    vehicle_number: str | None = None


@dataclass(frozen=True, slots=True)
class VehicleSeen:
    """Which vehicle comes, and who drives it. `driver_phone` is text, its leading zero kept."""

    fleet_order: str
    vehicle_number: str
    driver_name: str
    vehicle: VehicleKind
    available_at: datetime
    driver_phone: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerTold:
    """Who rides, for a bound ride alone. Numbers are text, their leading zeros kept; `notes` are for the driver."""

    name: str
    phone: str
    pickup: Door
    dropoff: Door
    caregiver_name: str | None = None
    caregiver_phone: str | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class TripTask:
    """What a fleet gives its vehicle to do; `pickup_turn` and `dropoff_turn` are places in its sequence, from 1."""

    task: str
    fleet_order: str
    customer_name: str
    pickup: Door
    dropoff: Door
    pick_up_at: datetime
    drop_off_at: datetime
    pickup_turn: int
    dropoff_turn: int
    functions: tuple[Function, ...] = ()
    companions: int = 0
    customer_phone: str | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class TaskConfirmed:
    """What became of a task at its stop; `reason` says why nobody was picked up."""

    task: str
    fleet_order: str
    vehicle_number: str
    result: TaskResult
    at: datetime
    turn: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TripDone:
    """A performed ride: `fare_twd` is what it costs before any subsidy, tolls in it."""

    fleet_order: str
    picked_up_at: datetime
    dropped_off_at: datetime
    fare_twd: int


@dataclass(frozen=True, slots=True)
class TripScheduled:
    """The fleet has what it was told and the ride stands in its plan."""

    fleet_order: str
    is_received: bool


@dataclass(frozen=True, slots=True)
class VehicleAt:
    """Where a vehicle is, exactly: of a bound ride alone."""

    fleet_order: str
    vehicle_number: str
    latitude: float
    longitude: float
    at: datetime
    arrives_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """We no longer want it. Without `fleet_order` whatever the fleet has under our reference."""

    reason: CancelReason
    fleet_order: str | None = None


@dataclass(frozen=True, slots=True)
class Amend:
    """What is to be otherwise; None: as it was. Doors follow in another `CustomerTold` once it is agreed."""

    fleet_order: str
    pick_up_at: datetime | None = None
    pickup: RoughPlace | None = None
    dropoff: RoughPlace | None = None
    companions: int | None = None


@dataclass(frozen=True, slots=True)
class StatusAsked:
    """How does it stand? `rider_at_door_since`: since when the rider says that they wait at the door."""

    rider_at_door_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class FleetStatus:
    """How it stands at the fleet; `unknown`: it has never heard of it. `others` are more live orders of the same trip.

    `fee_twd` is what a cancellation costs; `by` says who ended it.
    """

    state: OrderState
    at: datetime
    fleet_order: str | None = None
    reason: str = ""
    by: Literal["fleet", "city"] | None = None
    fee_twd: int = 0
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetError:
    """The fleet could not do what a telegram asked; `pointer` leads to what was wrong in it."""

    code: str
    detail: str
    pointer: str = ""


Content = (
    Wish | FleetOffer | NoOffer | OrderWanted | FleetOrder | VehicleSeen | CustomerTold | TripTask | TaskConfirmed
    | TripDone | TripScheduled | VehicleAt | Cancel | Amend | StatusAsked | FleetStatus | FleetError
)  # fmt: skip
TripEvent = FleetOrder | VehicleSeen | TaskConfirmed | TripDone | VehicleAt | FleetStatus
"""What a fleet tells unasked."""

"""The facts that this room publishes. Ids are UUIDs as text, moments RFC 3339, money whole NT$.

Every fact about a ride says ride_id, rider_id, booking_id, fleet and pick_up_at, and what stands beside its name. Facts
about one ride are to be told in the order in which they happened.
"""

from __future__ import annotations

from typing import Final

RIDE_BOUND: Final = "accessibility.ride_bound"
# reason
RIDE_NOT_BOUND: Final = "accessibility.ride_not_bound"
# reason: the fleet that was bound has cancelled, and another is looked for; is_rescue: its rider sits in a vehicle that
# cannot go on
RIDE_RESEEKING: Final = "accessibility.ride_reseeking"
# another fleet is bound instead; `fleet` is the new one; is_rescue: it fetches its rider from a broken vehicle
RIDE_REPLACED: Final = "accessibility.ride_replaced"
# reason
RIDE_LOST: Final = "accessibility.ride_lost"
# by (rider, fleet, city), is_late, fee_twd
RIDE_CANCELLED: Final = "accessibility.ride_cancelled"
# was_at: `pick_up_at` is the new one
RIDE_CHANGED: Final = "accessibility.ride_changed"
# reason: its fleet did not agree to a change; `pick_up_at` is what stays
RIDE_CHANGE_REFUSED: Final = "accessibility.ride_change_refused"
# Its fleet says that it is too late to cancel: they are aboard, or it is over.
RIDE_CANCEL_REFUSED: Final = "accessibility.ride_cancel_refused"
# eta
RIDE_ON_THE_WAY: Final = "accessibility.ride_on_the_way"
# minutes, eta: before it is late; `is_guess`: its fleet has said nothing, and the city fears that it may be
RIDE_LATE: Final = "accessibility.ride_late"
# eta: said to be late, and now expected within the promised time after all
RIDE_IN_TIME: Final = "accessibility.ride_in_time"
# minutes, eta, is_guess: to who is aboard, before they are there later than they were promised
RIDE_ARRIVES_LATE: Final = "accessibility.ride_arrives_late"
# The vehicle cannot go on, and its rider is aboard; with `eta`, and only then, another of its fleet comes for them.
RIDE_BROKEN_DOWN: Final = "accessibility.ride_broken_down"
# The way there will be over only after the way back was to begin: it waits until its rider says that they are ready.
RETURN_PUT_OFF: Final = "accessibility.return_put_off"
RIDE_AT_DOOR: Final = "accessibility.ride_at_door"
RIDE_ABOARD: Final = "accessibility.ride_aboard"
# fare_twd
RIDE_DONE: Final = "accessibility.ride_done"
# fare_twd: less than the fleet said before of a ride that is done
RIDE_FARE_STATED: Final = "accessibility.ride_fare_stated"
# by (rider, fleet): who was not there; metres: how far from the door the vehicle was seen last while it waited, or None
# is_over: told so long after that no other vehicle is looked for
RIDE_NO_SHOW: Final = "accessibility.ride_no_show"
# request_id, rider_id, fleet, reason: a fleet said no to a rider
RIDE_REFUSED: Final = "accessibility.ride_refused"
# request_id, rider_id, offers; of a fleet that was rung also fleet, pick_up_at, accept_by: its rider waits elsewhere
REQUEST_ANSWERED: Final = "accessibility.request_answered"

# On the evening before: ride_id, rider_id, booking_id, fleet, pick_up_at
RIDE_TOMORROW: Final = "accessibility.ride_tomorrow"
# latest_at: a return ride whose rider has not yet said that they are ready
RETURN_WAITS: Final = "accessibility.return_waits"
# attempts, is_called: ready, and no vehicle yet; `is_called` says that somebody rings
RETURN_SOUGHT: Final = "accessibility.return_sought"

# wait_id, rider_id, request_id, offer_id, fleet, pick_up_at, accept_by
WAITLIST_OFFER: Final = "accessibility.waitlist_offer"
# wait_id, rider_id, request_id, pick_up_at, why (taken, over, withdrawn, declined)
WAITLIST_ENDED: Final = "accessibility.waitlist_ended"
# series_id, rider_id, day, pick_up_at, outcome (bound, waiting, not_bound, skipped), reason
SERIES_DAY_DONE: Final = "accessibility.series_day_done"

# less_twd, rider_pays_twd: a fare became less after it was settled
FARE_LOWERED: Final = "accessibility.fare_lowered"
# point_id, kind (no_show, late_cancel), points: it counts against the rider, who may appeal
POINT_RECORDED: Final = "accessibility.point_recorded"
# point_id, appeal_id, status (granted, refused)
APPEAL_DECIDED: Final = "accessibility.appeal_decided"
# lost_id: what a rider left behind was found, handed over, or sought in vain
LOST_ITEM_FOUND: Final = "accessibility.lost_item_found"
LOST_ITEM_HANDED_OVER: Final = "accessibility.lost_item_handed_over"
LOST_ITEM_NOT_FOUND: Final = "accessibility.lost_item_not_found"
# complaint_id, rider_id alone: the city has answered
COMPLAINT_ANSWERED: Final = "accessibility.complaint_answered"

# days (ISO dates of Taipei), vans (numbers), why (shift, van, repaired, moved): the city's own vans have more room
OWN_FLEET_ROOM: Final = "accessibility.own_fleet_room"

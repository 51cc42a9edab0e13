"""Parcels: what was handed to which carrier, what it said of them since, and when they arrived.

*Owns:* shipments, their lines, carriers and the calendar of days on which they collect nothing, tracking numbers and
the history of each parcel.
*Promises:* one parcel is entered once for a reference; delivery is noted once, whoever reports it and however often;
where a parcel stands does not depend on the order in which news is heard; a supplier meets only its own.
*Calls:* nobody (identity only says who looks). What a parcel was sent for (``reference``, ``line_reference``) is
opaque here.
*Tells:* ``ShipmentDispatched``, ``ShipmentDelivered``, ``ShipmentInTrouble``.
"""

from app.fulfilment.couriers import Round, asking, connect, kuaidi100
from app.fulfilment.events import ShipmentDelivered, ShipmentDispatched, ShipmentInTrouble
from app.fulfilment.queries import (
    all_delivered_at,
    blackouts,
    get,
    page,
    reach_of_lot,
    read_stops,
    sent_of_lot,
    shipments_of,
    stopped_days,
    track,
)
from app.fulfilment.routes import router
from app.fulfilment.rules import (
    CARRIERS,
    Advice,
    Blackout,
    BlackoutBegun,
    BlackoutKnown,
    Carrier,
    InvalidTrackingNumber,
    Report,
    SentPieces,
    Shipment,
    ShipmentExists,
    ShipmentLine,
    ShipmentStatus,
    Tracking,
    TrackingEvent,
    TrackingState,
    Trouble,
    UnknownCarrier,
    carrier_named,
    check_label,
    tracking_warnings,
)
from app.fulfilment.schemas import ParcelOut, TrackingOut
from app.fulfilment.service import announce_blackout, deliver, dispatch, notice_silence, record, remove_blackout

__all__ = [
    "CARRIERS",
    "Advice",
    "Blackout",
    "BlackoutBegun",
    "BlackoutKnown",
    "Carrier",
    "InvalidTrackingNumber",
    "ParcelOut",
    "Report",
    "Round",
    "SentPieces",
    "Shipment",
    "ShipmentDelivered",
    "ShipmentDispatched",
    "ShipmentExists",
    "ShipmentInTrouble",
    "ShipmentLine",
    "ShipmentStatus",
    "Tracking",
    "TrackingEvent",
    "TrackingOut",
    "TrackingState",
    "Trouble",
    "UnknownCarrier",
    "all_delivered_at",
    "announce_blackout",
    "asking",
    "blackouts",
    "carrier_named",
    "check_label",
    "connect",
    "deliver",
    "dispatch",
    "get",
    "kuaidi100",
    "notice_silence",
    "page",
    "reach_of_lot",
    "read_stops",
    "record",
    "remove_blackout",
    "router",
    "sent_of_lot",
    "shipments_of",
    "stopped_days",
    "track",
    "tracking_warnings",
]

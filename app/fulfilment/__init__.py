"""Parcels: what was handed to which carrier, and when it arrived.

*Owns:* shipments, their lines, carriers and their tracking numbers.
*Promises:* one parcel is entered once for a reference; delivery is noted once; a supplier meets only its own.
*Calls:* core only. What a parcel was sent for (``reference``, ``line_reference``) is opaque here.
*Tells:* ``ShipmentDispatched``, ``ShipmentDelivered``.
"""

from app.fulfilment.events import ShipmentDelivered, ShipmentDispatched
from app.fulfilment.queries import get, shipments_of
from app.fulfilment.rules import (
    CARRIERS,
    Advice,
    Carrier,
    InvalidTrackingNumber,
    Shipment,
    ShipmentExists,
    ShipmentLine,
    ShipmentStatus,
    UnknownCarrier,
    tracking_warnings,
)
from app.fulfilment.service import deliver, dispatch

__all__ = [
    "CARRIERS",
    "Advice",
    "Carrier",
    "InvalidTrackingNumber",
    "Shipment",
    "ShipmentDelivered",
    "ShipmentDispatched",
    "ShipmentExists",
    "ShipmentLine",
    "ShipmentStatus",
    "UnknownCarrier",
    "deliver",
    "dispatch",
    "get",
    "shipments_of",
    "tracking_warnings",
]

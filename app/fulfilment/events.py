"""Facts that fulfilment announces."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.core.events import Fact
from app.fulfilment.rules import Trouble


class _OfShipment(Fact):
    """Something that happened to a parcel; heard in order for each ``reference``."""

    shipment_id: UUID
    reference: UUID
    supplier_id: UUID

    @property
    def subject(self) -> UUID:
        """What the parcel was sent for."""
        return self.reference


class ShipmentDispatched(_OfShipment):
    """The parcel to a buyer was handed to the carrier."""

    name: ClassVar[str] = "fulfilment.dispatched"
    carrier: str
    tracking_number: str


class ShipmentDelivered(_OfShipment):
    """The parcel was signed for; ``inbound`` by the supplier, to whom goods came back."""

    name: ClassVar[str] = "fulfilment.delivered"
    inbound: bool = False


class ShipmentInTrouble(_OfShipment):
    """Somebody should look after the parcel: see ``Trouble``."""

    name: ClassVar[str] = "fulfilment.in_trouble"
    trouble: Trouble

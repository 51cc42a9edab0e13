"""The state table of a shipment; guard, CHECK and test derive from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.fulfilment.rules import ShipmentStatus


class Step(StrEnum):
    """What can happen to a shipment."""

    DELIVER = "deliver"


TRANSITIONS: Mapping[ShipmentStatus, Mapping[Step, ShipmentStatus]] = {
    ShipmentStatus.DISPATCHED: {Step.DELIVER: ShipmentStatus.DELIVERED},
    ShipmentStatus.DELIVERED: {},
}

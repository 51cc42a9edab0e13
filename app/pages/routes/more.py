"""Everything a supplier can do here, behind the last tab of its navigation.

A page that is not on a tab of its own is found here: it adds a line to ``DOORS``, and ``door.<name>`` and
``door_note.<name>`` to the words.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Response

from app.pages.guards import Seller
from app.pages.routes.frame import PageRoute, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Door:
    """Where an errand begins: its page, its sign, and the last part of the keys of its words."""

    path: str
    icon: str
    name: str


DOORS: tuple[Door, ...] = (
    Door("/supplier/parcels", "truck", "parcels"),
    Door("/supplier/shipping-sheet", "send", "batch"),
    Door("/supplier/closures", "clock", "closures"),
    Door("/supplier/sheets", "sheet", "sheets"),
    Door("/supplier/lots", "leaf", "lots"),
    Door("/supplier/certificates", "camera", "certificates"),
    Door("/supplier/admission", "shield", "admission"),
    Door("/supplier/households", "house", "households"),
    Door("/supplier/team", "people", "team"),
    Door("/supplier/keys", "key", "keys"),
    Door("/account", "person", "account"),
)
"""In the order in which they stand."""


@router.get("/supplier/more")
async def list_doors(visit: Seller) -> Response:
    """Where everything is."""
    return show(visit, "supplier_more.html", doors=DOORS)

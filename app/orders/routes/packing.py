"""What suppliers print before they pack: where to fetch the goods, and what to lay into each parcel."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app import inventory
from app.core import pdf
from app.core.clock import SHANGHAI, local_day
from app.core.errors import NotFound
from app.core.web import Edge, Now, TheEdge, problems
from app.identity import SupplierStaff
from app.orders.queries.packing import to_pack
from app.orders.queries.promise import calendar
from app.orders.rules.packing import MOST_ORDERS, Fetch, Pack, fetches, summed
from app.orders.rules.promise import CARRIERS_STOP, Pause

router = APIRouter(tags=["orders"])

_PICKING = Path(__file__).parents[1] / "picking.typ"
_PACKING = Path(__file__).parents[1] / "packing.typ"
_PAPER: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        **problems(NotFound),
        200: {"description": "The document", "content": {"application/pdf": {}}},
    },
}

_Only = Annotated[
    list[UUID],
    Query(
        alias="supplier_order_id",
        max_length=MOST_ORDERS,
        description="Only these supplier orders, repeated for each; without any, all that have something to send",
    ),
]


@router.get(
    "/v1/supplier/picking-list.pdf",
    operation_id="get_picking_list",
    summary="What to fetch from which lot, as a PDF",
    **_PAPER,
)
async def get_picking_list(by: SupplierStaff, edge: TheEdge, now: Now, only: _Only = []) -> Response:  # noqa: B006
    """Summed by SKU and lot, then order by order as they are due: the lots that shipping takes without a lot code.

    At most 200 orders. Days near at hand on which nothing leaves the house stand above them. What waits for a harvest
    is not on it; what is owed and lies in no lot that may be sent is marked as missing. Recipients are masked. 404 for
    an order that is another's or has nothing to send.
    """
    return await picking_list(edge, _own(by.supplier_id), only=only, now=now)


async def picking_list(edge: Edge, supplier_id: UUID, *, only: Collection[UUID] = (), now: datetime) -> Response:
    """The supplier's picking list as a PDF. Raises ``NotFound`` as ``to_pack`` does."""
    async with edge.db.read() as session:
        packs = await to_pack(session, supplier_id, only=only)
        shelves = {line.sku: inventory.shelf_for(line.category, pack.channel) for pack in packs for line in pack.lines}
        shut = await calendar(session, supplier_id, since=local_day(now))
        stock = await inventory.batches(session, shelves, today=local_day(now)) if shelves else {}
    kept = _fitting(packs)
    fetched = fetches(kept, stock)
    data = {
        **_head(kept, left_out=len(packs) - len(kept), now=now),
        "pause": _pause(shut.pause(local_day(now))),
        "sums": [_fetch(one) for one in summed(fetched)],
        "orders": [
            {**_order(pack), "rows": [_fetch(one) for one in mine]} for pack, mine in zip(kept, fetched, strict=True)
        ],
    }
    return _attached(await pdf.render(_PICKING, data, at=now), "picking-list.pdf")


@router.get(
    "/v1/supplier/packing-slips.pdf",
    operation_id="get_packing_slips",
    summary="What to lay into each parcel, as a PDF",
    **_PAPER,
)
async def get_packing_slips(by: SupplierStaff, edge: TheEdge, now: Now, only: _Only = []) -> Response:  # noqa: B006
    """One page begins for each supplier order: the goods of this parcel, what was sent before, and what follows.

    At most 200 orders. Name, telephone number and address are masked as on a waybill, and prices and the buyer's note
    are left out, because a parcel is opened by others too. 404 for an order that is another's or has nothing to send.
    """
    return await packing_slips(edge, _own(by.supplier_id), only=only, now=now)


async def packing_slips(edge: Edge, supplier_id: UUID, *, only: Collection[UUID] = (), now: datetime) -> Response:
    """The supplier's packing slips as a PDF. Raises ``NotFound`` as ``to_pack`` does."""
    async with edge.db.read() as session:
        packs = await to_pack(session, supplier_id, only=only)
    kept = _fitting(packs)
    data = {
        **_head(kept, left_out=len(packs) - len(kept), now=now),
        "orders": [
            {
                **_order(pack),
                "rows": [
                    {
                        "sku": line.sku,
                        "name": line.name,
                        "quantity": line.to_send,
                        "shipped": line.shipped,
                        "waiting": line.waiting,
                    }
                    for line in pack.lines
                ],
            }
            for pack in kept
        ],
    }
    return _attached(await pdf.render(_PACKING, data, at=now), "packing-slips.pdf")


def _fitting(packs: list[Pack]) -> list[Pack]:
    """As many of them as a document has room for."""
    rows = 0
    for index, pack in enumerate(packs):
        rows += len(pack.lines)
        if rows > pdf.MAX_ROWS // 2:
            return packs[:index]
    return packs


def _head(packs: list[Pack], *, left_out: int, now: datetime) -> dict[str, Any]:
    return {
        "supplier": packs[0].supplier_name if packs else "",
        "printed_at": f"{now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "left_out": left_out,
    }


def _order(pack: Pack) -> dict[str, Any]:
    return {
        "number": pack.number,
        "paid_on": f"{local_day(pack.paid_at):%Y-%m-%d}",
        "ship_by": _day(pack.ship_by),
        "recipient": pack.address.recipient,
        "phone": pack.address.phone,
        "address": f"{pack.address.division.full_name} {pack.address.detail}",
        "pieces": pack.pieces,
    }


def _fetch(one: Fetch) -> dict[str, Any]:
    return {
        "sku": one.sku,
        "name": one.name,
        "lot": "缺货" if one.missing else one.lot_code or "无批次",
        "best_before": _day(one.best_before),
        "quantity": one.quantity,
    }


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%Y-%m-%d}"


def _pause(pause: Pause | None) -> str:
    """What the packers should know of the days ahead."""
    if pause is None:
        return ""
    what = "快递停运" if pause.reason == CARRIERS_STOP else "放假"
    return f"{what}：{pause.from_on:%Y-%m-%d} 至 {pause.until_on:%Y-%m-%d}，{pause.ships_from:%Y-%m-%d} 起发货"


def _own(supplier_id: UUID | None) -> UUID:
    if supplier_id is None:
        raise NotFound
    return supplier_id


def _attached(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)

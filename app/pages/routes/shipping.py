"""A supplier's orders on a phone: what leaves the house today, to whom, and the number of its parcel.

Who looks over a shoulder learns nothing: recipients are masked as a waybill has to be (domain handbook §3.2), until
the label of a parcel is to be written; that is logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession
from structlog import get_logger

from app import catalogue, fulfilment, inventory, orders
from app.buyers import Address
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput, NotFound
from app.core.web import Now, ReadSession, TheEdge, decode_cursor, next_cursor
from app.fulfilment import CARRIERS
from app.orders import LineView, ShipLine, Status, ToShip, Weighed
from app.pages.guards import Fields, Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.rules import quantity
from app.pages.schemas import Done

router = APIRouter(route_class=PageRoute, include_in_schema=False)
log = get_logger("pages")

_ON_A_PAGE = 50
_MOST_PIECES = 9999
_MOST_GRAMS = 1_000_000
_NUMBER = re.compile(r"BJ[0-9]{14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Job:
    """A supplier order that waits: what is left to send, by when, and to whom in masked words."""

    part: orders.SupplierOrderView
    number: str
    note: str | None
    address: Address
    lines: tuple[LineView, ...]
    shipments: tuple[orders.ParcelView, ...]
    ship_by: date | None
    late: bool

    @classmethod
    def of(cls, found: ToShip, today: date) -> _Job:
        """Of what the module of orders knows."""
        by = min((line.ship_by for line in found.lines if line.ship_by and line.to_send), default=None)
        lines = tuple(line for line in found.lines if line.to_send)
        late = by is not None and by < today
        return cls(
            found.part, found.number, found.note, found.address.masked, lines, found.shipments, ship_by=by, late=late
        )

    @property
    def place(self) -> str:
        """City and county."""
        division = self.address.division
        return f"{division.city}{division.county}"


@dataclass(frozen=True, slots=True)
class _Said:
    """What the form says."""

    carrier: str = ""
    tracking_number: str = ""
    quantities: Mapping[UUID, str] = field(default_factory=dict)
    lots: Mapping[UUID, str] = field(default_factory=dict)


@router.get("/supplier")
async def list_jobs(
    visit: Seller,
    session: ReadSession,
    now: Now,
    sent: Annotated[str, Query(max_length=32)] = "",
    cursor: Annotated[str, Query(max_length=512)] = "",
) -> Response:
    """What waits to be sent: first what has to leave the house today, then what may."""
    place = decode_cursor("page:jobs", cursor) if cursor else None
    after = (date.fromisoformat(str(place[0])), UUID(str(place[1]))) if place else None
    found = await orders.queue(session, visit.supplier_id, after=after, limit=_ON_A_PAGE + 1)
    today = local_day(now)
    jobs = sorted((_Job.of(one, today) for one in found[:_ON_A_PAGE]), key=lambda job: job.ship_by or today)
    following = next_cursor("page:jobs", found, _ON_A_PAGE, lambda one: one.place)
    shut = await orders.calendar(session, visit.supplier_id, since=today)
    return show(
        visit,
        "supplier_orders.html",
        today=[job for job in jobs if job.ship_by is None or job.ship_by <= today],
        later=[job for job in jobs if job.ship_by is not None and job.ship_by > today],
        sent=sent if _NUMBER.fullmatch(sent) else "",
        following=following,
        pause=shut.pause(today),
        now=today,
    )


@router.get("/supplier/orders/{part_id}")
async def show_job(
    visit: Seller, part_id: UUID, session: ReadSession, now: Now, address: Annotated[str, Query(max_length=8)] = ""
) -> Response:
    """One order, ready to be sent; ``?address=whole`` shows what belongs on the label while there is one to write."""
    said = _Said(carrier=visit.carrier)
    return await _page(visit, part_id, session, now, said, whole=address == "whole")


@router.post("/supplier/orders/{part_id}")
async def ship_job(visit: Seller, part_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Hand a parcel to the carrier. What is left stays on the list."""
    said = _read(form)
    refused = None
    try:
        contents = _contents(said)
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:

        async def work(session: AsyncSession) -> Done:
            parcel = await orders.ship(
                session,
                part_id,
                carrier=said.carrier,
                tracking_number=said.tracking_number,
                contents=contents,
                supplier_id=visit.supplier_id,
                now=now,
            )
            return Done(id=parcel.id)

        _, refused = await once(visit, form, work)
    async with edge.db.read() as session:
        if refused is not None:
            return await _page(visit, part_id, session, now, said, refused=refused)
        left = await _find(session, visit, part_id)
    visit.keep_carrier(said.carrier)
    if left.part.status is Status.PAID:
        return go(f"/supplier/orders/{part_id}")
    return go(f"/supplier?sent={left.number}")


@router.post("/supplier/orders/{part_id}/weights")
async def correct_weights(visit: Seller, part_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Say what pieces that have left really weigh; the buyer gets the difference back by itself."""
    refused = None
    try:
        weighed = _weighed(form)
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:
        limit_bp = edge.settings.orders.weight_correction_max_bp

        async def work(session: AsyncSession) -> Done:
            made, _, _ = await orders.weigh(
                session,
                part_id,
                weighed,
                supplier_id=visit.supplier_id,
                by=visit.person,
                limit_bp=limit_bp,
                now=now,
            )
            return Done(id=made[0].id)

        _, refused = await once(visit, form, work)
    if refused is None:
        return go(f"/supplier/orders/{part_id}")
    async with edge.db.read() as session:
        return await _page(visit, part_id, session, now, _Said(carrier=visit.carrier), refused=refused)


def _weighed(form: Fields) -> list[Weighed]:
    """The lines of which a weight was written down. Raises ``InvalidInput`` when there are none."""
    found = []
    for name in form.names("grams:"):
        line_id, grams = _uuid(name), form[f"grams:{name}"]
        if line_id is not None and grams:
            pieces = quantity(form[f"pieces:{name}"], _MOST_PIECES)
            found.append(Weighed(line_id, max(1, pieces), max(1, quantity(grams, _MOST_GRAMS))))
    if not found:
        raise InvalidInput(faults=[Fault("/weights", "missing", "请填写每件净重", "Say what a piece weighs")])
    return found


async def _find(session: AsyncSession, visit: Visit, part_id: UUID) -> ToShip:
    found = await orders.supplier_page(session, visit.supplier_id, statuses=[], after=None, limit=1, only=part_id)
    if not found:
        raise NotFound
    return found[0]


async def _page(
    visit: Visit,
    part_id: UUID,
    session: AsyncSession,
    now: datetime,
    said: _Said,
    *,
    whole: bool = False,
    refused: dict[str, Any] | None = None,
) -> Response:
    found = await _find(session, visit, part_id)
    job = _Job.of(found, local_day(now))
    is_open = found.part.status is Status.PAID
    today = local_day(now)
    stops = await fulfilment.blackouts(session, since=today) if is_open else []
    lots = await inventory.lots_of(session, [line.sku for line in job.lines]) if is_open and job.lines else {}
    if whole and is_open:
        log.info("address shown", supplier_order=str(part_id), account=str(visit.person.account_id), reason="label")
    english = visit.language == "en"
    skus = {line.sku for line in found.lines}
    by_weight = await catalogue.by_weight(session, skus)
    short = await orders.short_lots(session, visit.supplier_id, after=None, limit=_ON_A_PAGE) if by_weight else []
    return show(
        visit,
        "supplier_order.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        order=job,
        open=is_open,
        whole=whole and is_open,
        address=found.address if whole and is_open else job.address,
        lots={sku: [lot for lot in of_one if lot.on_hand and lot.recalled_at is None] for sku, of_one in lots.items()},
        carriers=list(CARRIERS),
        weights=found.weights,
        names={line.id: line.name for line in found.lines},
        weighable=[
            (line, left)
            for line in found.lines
            if found.part.status in (Status.PAID, Status.SHIPPED)
            and line.sku in by_weight
            and (left := line.shipped_quantity - sum(one.quantity for one in found.weights if one.line_id == line.id))
        ],
        short=[lot for lot in short if lot.sku in skus],
        stopped={
            code: stop.to_on
            for stop in stops
            if stop.from_on <= today
            for code in ([stop.carrier] if stop.carrier else CARRIERS)
        },
        said=said,
        warnings=lambda parcel: [
            advice.en if english else advice.zh
            for advice in fulfilment.tracking_warnings(parcel.carrier, parcel.tracking_number)
        ],
    )


def _read(form: Fields) -> _Said:
    lines = {line_id: name for name in form.names("quantity:") if (line_id := _uuid(name)) is not None}
    return _Said(
        carrier=form["carrier"],
        tracking_number=re.sub(r"\s", "", form["tracking_number"]),
        quantities={line_id: form[f"quantity:{name}"] for line_id, name in lines.items()},
        lots={line_id: form[f"lot:{name}"] for line_id, name in lines.items()},
    )


def _contents(said: _Said) -> Sequence[ShipLine]:
    """What goes into the parcel. Raises ``InvalidInput`` when nothing does."""
    contents = []
    for line_id, typed in said.quantities.items():
        pieces = quantity(typed, _MOST_PIECES) if typed.isdigit() else 0
        if pieces:
            contents.append(ShipLine(line_id, pieces, said.lots[line_id] or None))
    if not contents:
        raise InvalidInput(faults=[Fault("/lines", "missing", "请填写这个包裹里有几件", "Say what is in the parcel")])
    return contents


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

"""A supermarket's orders: how they stand, what was answered, when the truck comes, and what of it was taken in."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners, wholesale
from app.core.clock import SHANGHAI
from app.core.errors import DomainError, Fault, InvalidInput, NotFound
from app.core.web import Now, ReadSession, TheEdge, last_seen, next_cursor
from app.pages.guards import Fields, Posted, Purchaser, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.schemas import Done
from app.wholesale import OPEN, Counted, CountedLine, PoLine, PurchaseOrder, Reason, Status

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 20
_MOST_SLOTS = 60
_MOST_UNITS = 10_000_000
_LONGEST_NUMBER, _LONGEST_REASON = 64, 100


@router.get("/partner/orders")
async def list_orders(
    visit: Purchaser, session: ReadSession, cursor: Annotated[str, Query(max_length=512)] = ""
) -> Response:
    """The newest first."""
    before = last_seen("page:po", cursor)
    found = await wholesale.page(session, partner_id=visit.partner_id, before=before, limit=_ON_A_PAGE + 1)
    following = next_cursor("page:po", found, _ON_A_PAGE)
    return show(visit, "partner_orders.html", orders=found[:_ON_A_PAGE], following=following)


@router.get("/partner/orders/{po_id}")
async def show_order(visit: Purchaser, po_id: UUID, session: ReadSession, now: Now) -> Response:
    """Line by line, with what was answered, sent and taken in."""
    return await _page(visit, po_id, session, now)


@router.post("/partner/orders/{po_id}")
async def decide(visit: Purchaser, po_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Give the order up, answer an offer, or book a time at the dock."""

    async def work(session: AsyncSession) -> Done:
        await wholesale.view(session, po_id, partner_id=visit.partner_id)
        match form["step"]:
            case "cancel":
                reason = form["reason"][:_LONGEST_REASON] or None
                await wholesale.cancel(
                    session, po_id, partner_id=visit.partner_id, by=visit.person, reason=reason, now=now
                )
            case "accept":
                await wholesale.accept(
                    session, _id(form["offer"]), partner_id=visit.partner_id, by=visit.person, now=now
                )
            case "decline":
                await wholesale.decline(
                    session, _id(form["offer"]), partner_id=visit.partner_id, by=visit.person, now=now
                )
            case "book":
                await wholesale.book(
                    session, po_id, _id(form["slot"]), partner_id=visit.partner_id, by=visit.person, now=now
                )
            case _:
                raise NotFound
        return Done(id=po_id)

    done, refused = await once(visit, form, work)
    if done is not None:
        return go(f"/partner/orders/{po_id}")
    async with edge.db.read() as session:
        return await _page(visit, po_id, session, now, refused=refused)


@router.get("/partner/orders/{po_id}/receive")
async def receive_page(visit: Purchaser, po_id: UUID, session: ReadSession) -> Response:
    """What is still to come, to be counted at the dock."""
    return await _receive(visit, po_id, session)


@router.post("/partner/orders/{po_id}/receive")
async def receive(visit: Purchaser, po_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """What is taken in is what is owed; once however often the form is sent."""
    refused, counted = None, None
    try:
        counted = _read(form)
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:
        count = counted

        async def work(session: AsyncSession) -> Done:
            entered = await wholesale.receive(
                session, po_id, count, partner_id=visit.partner_id, by=visit.person, now=now
            )
            return Done(id=entered.receipt.id)

        receipt_id, refused = await once(visit, form, work)
        if receipt_id is not None:
            return go(f"/partner/receipts/{receipt_id}")
    if refused and counted:
        refused = _at_lines(refused, [line.line_no for line in counted.lines])
    async with edge.db.read() as session:
        return await _receive(visit, po_id, session, form=form, refused=refused)


@router.get("/partner/receipts/{receipt_id}")
async def show_receipt(visit: Purchaser, receipt_id: UUID, session: ReadSession, now: Now) -> Response:
    """What was taken in of each line, and what is owed for it."""
    found = await wholesale.receipts(session, receipt_id=receipt_id, partner_id=visit.partner_id, now=now)
    if not found:
        raise NotFound
    return show(visit, "partner_receipt.html", receipt=found[0])


def _id(text: str) -> UUID:
    """Raises ``NotFound``: an offer or a time that no form of ours names."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _units(form: Fields, name: str, faults: list[Fault]) -> int:
    typed = form[name] or "0"
    if typed.isascii() and typed.isdigit() and int(typed[:9]) <= _MOST_UNITS:
        return int(typed)
    faults.append(Fault(f"/{name}", "not_a_number", "请填写整数", "A whole number"))
    return 0


def _read(form: Fields) -> Counted:
    """Lines without a number of units delivered are still to come. Raises ``InvalidInput``."""
    faults: list[Fault] = []
    lines = []
    for line_no in form.names("delivered:"):
        if not (line_no.isascii() and line_no.isdigit() and form[f"delivered:{line_no}"]):
            continue
        came, bad = _units(form, f"delivered:{line_no}", faults), _units(form, f"rejected:{line_no}", faults)
        reason = next((one for one in Reason if one.value == form[f"reason:{line_no}"]), None)
        if bad and reason is None:
            zh, en = "请选择拒收原因", "Say why they are rejected"
            faults.append(Fault(f"/reason:{line_no}", "missing", zh, en))
        lines.append(
            CountedLine(
                line_no=int(line_no[:9]), delivered_units=came, rejected_units=bad, reason=reason if bad else None
            )
        )
    number = form["receipt_no"]
    if not (0 < len(number) <= _LONGEST_NUMBER and number.isprintable()):
        zh, en = "请填写验收单号，至多 64 个字", "Your receipt number, in 1 to 64 characters"
        faults.append(Fault("/receipt_no", "missing", zh, en))
    if not lines and not faults:
        zh, en = "请至少填写一行的到货数量", "Count what came of at least one line"
        faults.append(Fault("/lines", "missing", zh, en))
    if faults:
        raise InvalidInput(faults=faults)
    return Counted(receipt_no=number, lines=tuple(lines))


def _at_lines(refused: dict[str, Any], numbers: list[int]) -> dict[str, Any]:
    """The refusal in terms of the form: faults stand at the numbers that were typed."""
    fields = {"rejected_units": "rejected", "reason": "reason"}
    errors = []
    for fault in refused["errors"]:
        parts = fault["pointer"].split("/")
        if parts[1:2] == ["lines"] and parts[2:3] and parts[2].isdigit() and int(parts[2]) < len(numbers):
            name = fields.get(parts[-1], "delivered")
            errors.append({**fault, "pointer": f"/{name}:{numbers[int(parts[2])]}"})
        else:
            errors.append(fault)
    return {**refused, "errors": errors}


def _to_come(order: PurchaseOrder) -> list[tuple[PoLine, int]]:
    """Lines of which something is still to come, and how much of what was sent has not been counted."""
    return [
        (line, (line.shipped_units or line.promised_units) - line.delivered_units)
        for line in order.lines
        if line.promised_units > line.delivered_units
    ]


async def _receive(
    visit: Visit,
    po_id: UUID,
    session: AsyncSession,
    *,
    form: Fields | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    order = await wholesale.view(session, po_id, partner_id=visit.partner_id)
    lines = _to_come(order) if order.status in OPEN else []
    names = [f"{name}:{line.line_no}" for line, _ in lines for name in ("delivered", "rejected", "reason")]
    typed = {name: form[name] if form else "" for name in names}
    if form is None:
        typed |= {f"delivered:{line.line_no}": str(due) if due else "" for line, due in lines}
    return show(
        visit,
        "partner_receive.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        order=order,
        lines=lines,
        typed=typed,
        receipt_no=form["receipt_no"] if form else "",
        reasons=list(Reason),
    )


async def _page(
    visit: Visit,
    po_id: UUID,
    session: AsyncSession,
    now: datetime,
    *,
    refused: dict[str, Any] | None = None,
) -> Response:
    order = await wholesale.view(session, po_id, partner_id=visit.partner_id)
    place = await partners.location_by_id(session, order.location_id)
    slots: list[wholesale.Slot] = []
    if order.status in OPEN:
        until = datetime.combine(order.closes_on + timedelta(days=1), time(), SHANGHAI)
        slots = await wholesale.slots(session, [place], since=now, until=until, limit=_MOST_SLOTS)
    return show(
        visit,
        "partner_po.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        order=order,
        place_=place,
        slots=[slot for slot in slots if slot.free_cases > 0],
        booked=next((one for slot in slots for one in slot.appointments if one.po_id == po_id), None),
        deliveries=await wholesale.deliveries(session, po_id, now=now),
        receipts=await wholesale.receipts(session, po_id=po_id, now=now),
        history=await wholesale.history(session, po_id),
        may_cancel=order.status in (Status.NEEDS_APPROVAL, Status.CONFIRMED),
        may_receive=order.status in OPEN and bool(_to_come(order)),
    )

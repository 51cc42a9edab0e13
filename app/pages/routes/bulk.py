"""One roster, many parcels: upload it, see what would become of every row, order it as a whole, pay it in one sum."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import buyers, orders, payments
from app.core.errors import DomainError, Fault, InvalidInput, NotFound
from app.core.sheets import XLSX
from app.core.web import Now, ReadSession, TheEdge, edge_of, last_seen, next_cursor
from app.orders import BulkPlacement
from app.pages.guards import Customer, Fields, Posted, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.routes.orders import payment_page
from app.pages.schemas import Done
from app.payments import Provider

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 50
_MOST_ROWS_SHOWN = 200
_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
_NO_832 = re.compile(r"[A-Za-z0-9-]{6,40}", re.ASCII)


@router.get("/bulk-orders/template.xlsx")
async def get_template(_: Customer) -> Response:
    """An empty roster."""
    headers = {"Content-Disposition": 'attachment; filename="roster.xlsx"'}
    return Response(await asyncio.to_thread(orders.template), media_type=XLSX, headers=headers)


@router.get("/organisations/{organisation_id}/roster")
async def roster_page(visit: Customer, organisation_id: UUID, session: ReadSession) -> Response:
    """Where a roster is handed in."""
    return await _upload(visit, organisation_id, session)


@router.post("/organisations/{organisation_id}/roster")
async def upload_roster(visit: Customer, organisation_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Nothing is ordered yet: the next page says what would become of every row."""
    try:
        goods = _goods(form)
        chosen = form.files("file")
        if not chosen:
            raise InvalidInput(faults=[Fault("/file", "missing", "请选择名单文件", "Choose the file")])
        async with edge.db.read() as session:  # before the work of reading the file, which is for purchasers only
            buyer = await buyers.purchaser(session, organisation_id, by=visit.buyer)
        rows = await orders.read_roster(await chosen[0].read(), goods)
        async with edge.db.write() as session:
            check = await orders.keep_roster(session, rows, buyer, by=visit.buyer, now=now)
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _upload(visit, organisation_id, session, refused_with(visit.request, wrong), form)
    return go(f"/organisations/{organisation_id}/roster/{check.id}")


@router.get("/organisations/{organisation_id}/roster/{roster_id}")
async def check_roster(
    visit: Customer, organisation_id: UUID, roster_id: UUID, session: ReadSession, now: Now
) -> Response:
    """What would become of the roster now."""
    return await _check(visit, organisation_id, roster_id, session, now)


@router.post("/organisations/{organisation_id}/roster/{roster_id}")
async def place_roster(
    visit: Customer, organisation_id: UUID, roster_id: UUID, form: Posted, edge: TheEdge, now: Now
) -> Response:
    """One order for each recipient, all of them or none."""
    number = form["ext_832_order_no"]
    asked = BulkPlacement(roster_id, bool(form["fresh"]), number or None)
    minutes = edge.settings.orders.pay_bulk_within_minutes

    async def work(session: AsyncSession) -> Done:
        placed = await orders.place_bulk(session, asked, by=visit.buyer, now=now, pay_within_minutes=minutes)
        return Done(id=placed.id)

    bulk_id: UUID | None = None
    refused: dict[str, Any] | None = None
    try:
        if number and not _NO_832.fullmatch(number):
            zh, en = "832 平台订单号为 6 至 40 位字母、数字或连字符", "6 to 40 letters, digits or hyphens"
            raise InvalidInput(faults=[Fault("/ext_832_order_no", "invalid_number", zh, en)])
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:
        bulk_id, refused = await once(visit, form, work)
    if bulk_id is not None:
        return go(f"/bulk-orders/{bulk_id}")
    async with edge.db.read() as session:
        return await _check(visit, organisation_id, roster_id, session, now, refused)


@router.get("/bulk-orders/{bulk_id}")
async def show_bulk(
    visit: Customer,
    bulk_id: UUID,
    session: ReadSession,
    now: Now,
    cursor: Annotated[str, Query(max_length=512)] = "",
) -> Response:
    """A bulk order, its sum and the parcels of its recipients."""
    return await _bulk(visit, bulk_id, session, now, cursor=cursor)


@router.post("/bulk-orders/{bulk_id}/pay")
async def start_payment(visit: Customer, bulk_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """One sum for all its orders that wait for money."""
    chosen = next((known for known in Provider if known.value == form["provider"]), Provider.SANDBOX)

    async def work(session: AsyncSession) -> Done:
        payment = await orders.start_bulk_payment(
            session, bulk_id, provider=chosen, by=visit.buyer, settings=edge.settings, now=now
        )
        return Done(id=payment.id)

    payment_id, refused = await once(visit, form, work)
    if payment_id is not None:
        return go(f"/bulk-orders/{bulk_id}/pay/{payment_id}")
    async with edge.db.read() as session:
        return await _bulk(visit, bulk_id, session, now, refused=refused)


@router.get("/bulk-orders/{bulk_id}/pay/{payment_id}")
async def show_payment(visit: Customer, bulk_id: UUID, payment_id: UUID, session: ReadSession, now: Now) -> Response:
    """The code to scan or the account to transfer to."""
    bulk, payment = await _payment(session, bulk_id, payment_id, visit)
    return payment_page(
        visit,
        payment,
        f"/bulk-orders/{bulk_id}",
        "",
        paid=bulk.paid_at is not None,
        expires_at=bulk.expires_at,
        now=now,
    )


@router.post("/bulk-orders/{bulk_id}/pay/{payment_id}/sandbox")
async def pay_in_sandbox(
    visit: Customer, bulk_id: UUID, payment_id: UUID, _form: Posted, edge: TheEdge, now: Now
) -> Response:
    """Play the buyer's phone."""
    if not edge.settings.payments.sandbox:
        raise NotFound
    async with edge.db.write() as session:
        await _payment(session, bulk_id, payment_id, visit)
        await payments.pay_in_sandbox(session, payment_id, now=now)
    return go(f"/bulk-orders/{bulk_id}/pay/{payment_id}?wait=1")


async def _payment(
    session: AsyncSession, bulk_id: UUID, payment_id: UUID, visit: Visit
) -> tuple[orders.BulkView, payments.Payment]:
    """Raises ``NotFound``, ``PaymentNotFound``."""
    bulk = await orders.bulk(session, bulk_id, by=visit.buyer)
    payment = await payments.get(session, payment_id)
    if payment.reference != bulk.id:
        raise payments.PaymentNotFound
    return bulk, payment


async def _upload(
    visit: Visit,
    organisation_id: UUID,
    session: AsyncSession,
    refused: dict[str, Any] | None = None,
    form: Fields | None = None,
) -> Response:
    return show(
        visit,
        "roster.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        organisation=await buyers.organisation(session, organisation_id, by=visit.buyer),
        sku=form["sku"] if form else "",
        pieces=form["pieces"] if form else "1",
    )


async def _check(
    visit: Visit,
    organisation_id: UUID,
    roster_id: UUID,
    session: AsyncSession,
    now: datetime,
    refused: dict[str, Any] | None = None,
) -> Response:
    organisation = await buyers.organisation(session, organisation_id, by=visit.buyer)
    check = await orders.check_roster(session, roster_id, by=visit.buyer, now=now)
    wrong = [row for row in check.rows if row.faults]
    return show(
        visit,
        "roster_check.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        organisation=organisation,
        check=check,
        wrong=wrong,
        good=[row for row in check.rows if not row.faults][:_MOST_ROWS_SHOWN],
        ready=not wrong and not check.short,
    )


async def _bulk(
    visit: Visit,
    bulk_id: UUID,
    session: AsyncSession,
    now: datetime,
    *,
    cursor: str = "",
    refused: dict[str, Any] | None = None,
) -> Response:
    after = last_seen("page:bulk", cursor)
    bulk = await orders.bulk(session, bulk_id, by=visit.buyer)
    found = await orders.page_of_bulk(session, bulk_id, by=visit.buyer, after=after, limit=_ON_A_PAGE + 1)
    shown = found[:_ON_A_PAGE]
    return show(
        visit,
        "bulk.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        bulk=bulk,
        waits=bool(bulk.to_pay_fen) and bulk.expires_at > now,
        orders=shown,
        transfers=edge_of(visit.request).settings.bank.on,
        me=visit.buyer.account_id,
        following=next_cursor("page:bulk", found, _ON_A_PAGE),
        now=now,
    )


def _goods(form: Fields) -> Mapping[str, int]:
    """What everybody gets who has no SKU in the roster; nothing if none was named. Raises ``InvalidInput``."""
    sku, pieces = form["sku"].upper(), form["pieces"]
    if not sku:
        return {}
    faults = []
    if not _SKU.fullmatch(sku):
        faults.append(Fault("/sku", "invalid_sku", "货号由字母和数字组成，如 GT04", "Letters and digits, such as GT04"))
    if not (pieces.isascii() and pieces.isdigit() and 0 < int(pieces[:5]) <= 9999):  # noqa: PLR2004
        faults.append(Fault("/pieces", "invalid_quantity", "请填写 1 至 9999", "1 to 9999"))
    if faults:
        raise InvalidInput(faults=faults)
    return {sku: int(pieces)}

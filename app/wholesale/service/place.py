"""Take a purchase order: understood, answered line by line, stock and credit reserved together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners
from app.core.db import ask, attempt, dump
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.inventory import OutOfStock
from app.partners import Credit, CreditExceeded
from app.wholesale import queries
from app.wholesale.lifecycle import Status
from app.wholesale.models import LineRow, PurchaseOrderRow
from app.wholesale.rules import PoNoTaken, Source
from app.wholesale.rules.asking import AskedOrder, Given
from app.wholesale.rules.orders import FromSheet, Mismatch, Partial, PurchaseOrder
from app.wholesale.service.amend import amend
from app.wholesale.service.prepare import Prepared, new_line, prepare
from app.wholesale.service.promise import at_lines, confirmed, give, take_both, wanted_of

_TRIES = 3
"""So often a partial answer is worked out anew when somebody else was faster."""

# One statement, and the first that locks: of two orders under one number the later waits here and finds the other.
_INSERT = text("""
WITH po AS (
    INSERT INTO wholesale_po (id, partner_id, partner_name, contract_id, location_id, location_code, division_code,
                              po_no, version, kind, source, status, ordered_at, order_on, required_on, closes_on,
                              total_fen, note, by_account, confirmed_at)
    VALUES (:id, :partner_id, :partner_name, :contract_id, :location_id, :location_code, :division_code,
            :po_no, 1, :kind, :source, :status, :now, :order_on, :required_on, :closes_on,
            :total, :note, :by, :confirmed_at)
    ON CONFLICT (partner_id, po_no) DO NOTHING RETURNING id
), version AS (
    INSERT INTO wholesale_po_version (id, po_id, version, content, digest, file_digest, file_row, received_at,
                                      by_account)
    SELECT :version_id, id, 1, CAST(:content AS jsonb), :digest, CAST(:file_digest AS bytea),
           CAST(:file_row AS integer), :now, :by
    FROM po
), step AS (
    INSERT INTO wholesale_po_event (po_id, status, by_account, at) SELECT id, :status, :by, :now FROM po
)
SELECT id FROM po
""")


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of an order that was sent, and the partner's credit after it."""

    order: PurchaseOrder
    credit: Credit
    duplicate: bool = False


async def place(
    session: AsyncSession,
    asked: AskedOrder,
    *,
    partner_id: UUID,
    by: Actor,
    now: datetime,
    source: Source = Source.API,
    on_mismatch: Mismatch = Mismatch.REFUSE,
    partial: Partial = Partial.REFUSE,
    sheet: FromSheet | None = None,
) -> Placed:
    """Take an order, or a new version of one that the partner has sent before under the same number.

    The same content again changes nothing and gets the same answer. With ``Mismatch.REVIEW`` an order with other prices
    waits for an operator and holds nothing; with ``Partial.ACCEPT`` lines are cut to what stock and credit give. Raises
    what ``prepare`` raises, ``CreditExceeded``, ``OutOfStock``, ``PoStepNotAllowed``.
    """
    for _ in range(_TRIES):
        known = await queries.lock_by_number(session, partner_id, asked.po_no)
        if known is not None:
            changed = await amend(
                session, *known, asked, by=by, now=now, on_mismatch=on_mismatch, partial=partial, sheet=sheet
            )
            order = await queries.told(session, known[0])
            credit = changed or await partners.credit(session, partner_id)
            return Placed(order, credit, duplicate=changed is None)
        review = on_mismatch is Mismatch.REVIEW
        prepared = await prepare(session, asked, partner_id=partner_id, now=now, review=review)
        placed = await _take(session, asked, prepared, by=by, now=now, source=source, partial=partial, sheet=sheet)
        if placed is not None:
            return placed
    raise PoNoTaken


async def _take(
    session: AsyncSession,
    asked: AskedOrder,
    prepared: Prepared,
    *,
    by: Actor,
    now: datetime,
    source: Source,
    partial: Partial,
    sheet: FromSheet | None,
) -> Placed | None:
    """Write the order and take what it wants; None when another call has just used its number."""
    plan, partner_id = prepared.plan, prepared.partner.id
    po = PurchaseOrderRow(
        id=new_id(now),
        partner_id=partner_id,
        partner_name=prepared.partner.name,
        contract_id=prepared.contract.id,
        location_id=prepared.location.id,
        location_code=prepared.location.code,
        division_code=prepared.location.division_code,
        po_no=asked.po_no,
        version=1,
        kind=asked.kind.value,
        source=source.value,
        status=(Status.NEEDS_APPROVAL if plan.doubts else Status.CONFIRMED).value,
        ordered_at=now,
        order_on=plan.order_on,
        required_on=asked.required_on,
        closes_on=asked.closes_on,
        note=asked.note,
        by_account=by.account_id,
        confirmed_at=None if plan.doubts else now,
    )
    whole = [Given(line.units) for line in plan.lines]
    if plan.doubts:
        lines = await _write(session, po, asked, prepared, whole, by=by, now=now, sheet=sheet)
        if lines is None:
            return None
        return Placed(queries.order_value(po, lines), await partners.credit(session, partner_id))
    if partial is Partial.REFUSE:
        return await _confirm(session, po, asked, prepared, whole, by=by, now=now, sheet=sheet)
    for tries_left in reversed(range(_TRIES)):
        given = await give(session, plan.lines, partner_id=partner_id)
        try:
            async with attempt(session):
                return await _confirm(session, po, asked, prepared, given, by=by, now=now, sheet=sheet)
        except (OutOfStock, CreditExceeded):
            if not tries_left:
                raise
    raise PoNoTaken


async def _confirm(
    session: AsyncSession,
    po: PurchaseOrderRow,
    asked: AskedOrder,
    prepared: Prepared,
    given: Sequence[Given],
    *,
    by: Actor,
    now: datetime,
    sheet: FromSheet | None,
) -> Placed | None:
    version_id = new_id(now)
    lines = await _write(session, po, asked, prepared, given, by=by, now=now, sheet=sheet, version_id=version_id)
    if lines is None:
        return None
    wanted = wanted_of(prepared.plan.lines, given)
    try:
        credit = await take_both(session, po, wanted, source_id=version_id, by=by.account_id, now=now)
    except OutOfStock as refusal:
        raise at_lines(refusal, list(wanted), prepared.plan.lines) from refusal
    emit(session, confirmed(po, lines, now))
    return Placed(queries.order_value(po, lines), credit)


async def _write(
    session: AsyncSession,
    po: PurchaseOrderRow,
    asked: AskedOrder,
    prepared: Prepared,
    given: Sequence[Given],
    *,
    by: Actor,
    now: datetime,
    sheet: FromSheet | None,
    version_id: UUID | None = None,
) -> list[LineRow] | None:
    lines = [
        new_line(po.id, planned, one, prepared, now=now)
        for planned, one in zip(prepared.plan.lines, given, strict=True)
    ]
    lines.sort(key=lambda line: line.line_no)
    po.total_fen = sum(line.promised_units * line.unit_price_fen for line in lines)
    written = await ask(
        session,
        _INSERT,
        {
            "id": po.id,
            "partner_id": po.partner_id,
            "partner_name": po.partner_name,
            "contract_id": po.contract_id,
            "location_id": po.location_id,
            "location_code": po.location_code,
            "division_code": po.division_code,
            "po_no": po.po_no,
            "kind": po.kind,
            "source": po.source,
            "status": po.status,
            "now": now,
            "order_on": po.order_on,
            "required_on": po.required_on,
            "closes_on": po.closes_on,
            "total": po.total_fen,
            "note": po.note,
            "by": by.account_id,
            "confirmed_at": po.confirmed_at,
            "version_id": version_id or new_id(now),
            "content": dump(prepared.content(asked)),
            "digest": asked.digest,
            "file_digest": sheet.digest if sheet else None,
            "file_row": sheet.row if sheet else None,
        },
    )
    if not written:
        return None
    session.add_all(lines)
    await session.flush()
    return lines

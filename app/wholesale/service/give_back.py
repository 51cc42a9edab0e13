"""Goods go back to the vendor: by the law, by agreement, after a recall (domain handbook §4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, partners
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.partners import CreditKind
from app.wholesale import queries
from app.wholesale.events import GoodsReturned, ReturnedLine
from app.wholesale.models import ConsentRow, LineRow, PurchaseOrderRow, ReturnLineRow, ReturnRow
from app.wholesale.queries import Locked, statements
from app.wholesale.queries import receipts as reads
from app.wholesale.rules import ReturnNoTaken, ReturnReason
from app.wholesale.rules.orders import UnknownPoLine
from app.wholesale.rules.receiving import Receipt, when
from app.wholesale.rules.returns import (
    Back,
    Consent,
    ConsentTooMuch,
    OnShelf,
    Return,
    Settled,
    WhichReceipt,
    settle,
)


async def give_back(
    session: AsyncSession, po_id: UUID, back: Back, *, partner_id: UUID | None, by: Actor, now: datetime
) -> Return:
    """Enter a return of goods of one receipt; ``partner_id`` is None for operators. The same again changes nothing.

    What they cost is not owed any more; those that can be sold again lie in their lot again. Raises ``NotFound``,
    ``ReturnNoTaken``, ``WhichReceipt``, ``NotReturnable``, ``ImpossibleMoment``, ``LotCalledBack``, ``LotExpired``.
    """
    locked = await queries.lock(session, po_id, partner_id=partner_id)
    po = locked.po
    known = await reads.return_numbered(session, po.partner_id, back.return_no)
    if known is not None:
        if (known.po_id, known.digest) != (po.id, back.digest):
            raise ReturnNoTaken
        (found,) = await reads.returns(session, return_id=known.id)
        return found
    receipt = _receipt(await reads.receipts(session, po_id=po.id, now=None), back)
    at = when(back.returned_at, not_before=receipt.received_at, now=now)
    settled = await _settle(session, locked, receipt, back, on=local_day(at))
    row = ReturnRow(
        id=new_id(now),
        partner_id=po.partner_id,
        po_id=po.id,
        receipt_id=receipt.id,
        return_no=back.return_no,
        reason=back.reason.value,
        agreed=any(one.consent_id is not None for one in settled),
        freight_payer=back.payer.value,
        returned_at=at,
        returned_on=local_day(at),
        amount_fen=sum(one.asked.units * one.shelf.unit_price_fen for one in settled),
        digest=back.digest,
        by_account=by.account_id,
    )
    session.add(row)
    await session.flush()
    session.add_all(_line(row, one, now) for one in settled)
    lines = {line.line_no: line for line in locked.lines}
    for one in settled:
        lines[one.asked.line_no].returned_units += one.asked.units
    await session.flush()
    await _follow(session, po, row, settled, lines, by=by, now=now)
    (made,) = await reads.returns(session, return_id=row.id)
    return made


def _receipt(receipts: Sequence[Receipt], back: Back) -> Receipt:
    """The receipt that is meant, or the only one that could be."""
    wanted = {line.line_no for line in back.lines}
    fitting = [
        one
        for one in receipts
        if back.receipt_no in {None, one.receipt_no}
        and (back.receipt_no or wanted & {line.line_no for line in one.lines if line.received_units})
    ]
    if len(fitting) != 1:
        raise WhichReceipt
    return fitting[0]


async def _settle(session: AsyncSession, locked: Locked, receipt: Receipt, back: Back, *, on: date) -> list[Settled]:
    sent = await reads.lots_sent(session, [line.line_id for line in receipt.lines])
    # What was corrected on a statement cannot go back again, and a price that was corrected is what is given back.
    left = await statements.standing(session, [line.id for line in receipt.lines])
    categories = {line.id: line.category for line in locked.lines}
    shelves = {
        line.line_no: OnShelf(
            receipt_line_id=line.id,
            line_id=line.line_id,
            category=categories[line.line_id],
            received_on=receipt.received_on,
            left_units=left[line.id].units,
            lots={code: ends for code, ends in sent.get(line.line_id, {}).items() if line.lot_code in {None, code}},
            unit_price_fen=left[line.id].unit_price_fen,
        )
        for line in receipt.lines
    }
    consents: dict[UUID, list[Consent]] = {}
    for one in await reads.consents(session, po_id=locked.po.id):
        consents.setdefault(one.line_id, []).append(one)
    return settle(back, shelves, consents, on=on)


def _line(row: ReturnRow, settled: Settled, now: datetime) -> ReturnLineRow:
    asked, shelf = settled.asked, settled.shelf
    return ReturnLineRow(
        id=new_id(now),
        return_id=row.id,
        receipt_line_id=shelf.receipt_line_id,
        line_id=shelf.line_id,
        consent_id=settled.consent_id,
        lot_code=settled.lot_code,
        units=asked.units,
        sellable_units=asked.sellable_units,
        unit_price_fen=shelf.unit_price_fen,
        amount_fen=asked.units * shelf.unit_price_fen,
    )


async def _follow(
    session: AsyncSession,
    po: PurchaseOrderRow,
    row: ReturnRow,
    settled: Sequence[Settled],
    lines: dict[int, LineRow],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Credit first, then stock, then what others are told."""
    await partners.move_credit(
        session,
        po.partner_id,
        reference=po.id,
        source_id=row.id,
        kind=CreditKind.RETURNED,
        amount_fen=-row.amount_fen,
        now=now,
    )
    sellable = [
        (lines[one.asked.line_no].sku, one.asked.sellable_units, one.lot_code)
        for one in settled
        if one.asked.sellable_units
    ]
    if sellable:
        await inventory.take_back(session, row.id, sellable, by=by.account_id, now=now)
    told = [
        ReturnedLine(
            line_id=one.shelf.receipt_line_id,
            sku=lines[one.asked.line_no].sku,
            supplier_id=lines[one.asked.line_no].supplier_id,
            quantity=one.asked.units,
            amount_fen=one.asked.units * one.shelf.unit_price_fen,
        )
        for one in settled
    ]
    emit(
        session,
        GoodsReturned(
            source_id=row.id, po_id=po.id, partner_id=po.partner_id, returned_at=row.returned_at, lines=told, at=now
        ),
    )


async def consent(
    session: AsyncSession,
    po_id: UUID,
    *,
    line_no: int,
    units: int,
    reason: ReturnReason,
    lot_code: str | None,
    until_on: date | None,
    note: str | None,
    by: Actor,
    now: datetime,
) -> Consent:
    """Agree that goods of a line may go back. Raises ``NotFound``, ``UnknownPoLine``, ``ConsentTooMuch``."""
    locked = await queries.lock(session, po_id)
    line = locked.line(line_no)
    if line is None:
        raise UnknownPoLine(faults=[Fault("/line_no", UnknownPoLine.code, UnknownPoLine.zh, UnknownPoLine.en)])
    if units > line.received_units - line.returned_units:
        there = line.received_units - line.returned_units
        fault = Fault("/units", ConsentTooMuch.code, f"该行尚有 {there} 件", f"{there} units are there")
        raise ConsentTooMuch(faults=[fault])
    row = ConsentRow(
        id=new_id(now),
        partner_id=locked.po.partner_id,
        po_id=po_id,
        line_id=line.id,
        reason=reason.value,
        units=units,
        lot_code=lot_code,
        until_on=until_on,
        note=note,
        given_at=now,
        by_account=by.account_id,
    )
    session.add(row)
    await session.flush()
    return next(one for one in await reads.consents(session, po_id=po_id) if one.id == row.id)


async def call_back(session: AsyncSession, lot_id: UUID, lot_code: str, *, now: datetime) -> int:
    """Let every partner send pieces of a recalled lot back; returns for how many lines that is new."""
    found = await reads.lines_with_lot(session, lot_id)
    if not found:
        return 0
    rows = [
        {
            "id": new_id(now),
            "partner_id": po.partner_id,
            "po_id": po.id,
            "line_id": line.id,
            "reason": ReturnReason.RECALL.value,
            "units": units,
            "lot_id": lot_id,
            "lot_code": lot_code,
            "given_at": now,
        }
        for po, line, units in found
    ]
    written = insert(ConsentRow).values(rows).on_conflict_do_nothing(index_elements=["lot_id", "line_id"])
    return len((await session.scalars(written.returning(ConsentRow.id))).all())

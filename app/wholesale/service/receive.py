"""Goods are taken in at the dock: the only basis of what is owed and counted (domain handbook §4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import files, partners
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.events import emit
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity import Actor
from app.partners import CreditKind
from app.wholesale import queries
from app.wholesale.events import GoodsReceived, ReceivedLine
from app.wholesale.lifecycle import Step, after
from app.wholesale.models import LineRow, PurchaseOrderRow, ReceiptLineRow, ReceiptRow
from app.wholesale.queries import Locked
from app.wholesale.queries import receipts as reads
from app.wholesale.rules import ReceiptNoTaken
from app.wholesale.rules.receiving import (
    Counted,
    CountedLine,
    Received,
    Taken,
    UnknownLotOfLine,
    check_counted,
    check_possible,
    take_in,
    too_little,
    when,
)
from app.wholesale.service.dispatch import Handed, note_what_came
from app.wholesale.service.promise import note_step


async def receive(
    session: AsyncSession, po_id: UUID, counted: Counted, *, partner_id: UUID | None, by: Actor, now: datetime
) -> Received:
    """Enter a receipt for an order; ``partner_id`` is None for operators. The same receipt again changes nothing.

    Credit is used for what is payable from now on, in place of what was promised of it. Goods that we did not know to
    have left leave the stock-room now. Raises ``NotFound``, ``PoStepNotAllowed``, ``ReceiptNoTaken``,
    ``InvalidReceipt``, ``NothingCame``, ``ImpossibleMoment``, ``UnknownLotOfLine``, ``UnknownFile`` and ``LotShort``.
    """
    locked = await queries.lock(session, po_id, partner_id=partner_id)
    po = locked.po
    known = await reads.receipt_numbered(session, po.partner_id, counted.receipt_no)
    if known is not None:
        if (known.po_id, known.digest) != (po.id, counted.digest):
            raise ReceiptNoTaken
        (found,) = await reads.receipts(session, receipt_id=known.id, now=now)
        return Received(found, locked.status, duplicate=True)
    after(locked.status, Step.RECEIVE_PART)
    lines = {line.line_no: line for line in locked.lines if line.ordered_units}
    check_counted(counted, lines)
    check_possible(counted, lines)
    at = when(counted.received_at, not_before=po.confirmed_at, now=now)
    receipt, taken = await _write(session, locked, counted, lines, at=at, by=by, now=now)
    await session.flush()
    less_fen = receipt.payable_fen - sum(one.delivered_units * row.unit_price_fen for row, one in taken)
    # Credit before stock, as everywhere.
    await partners.move_credit(
        session,
        po.partner_id,
        reference=po.id,
        source_id=receipt.id,
        kind=CreditKind.RECEIVED,
        amount_fen=less_fen,
        now=now,
    )
    codes = {line.line_no: line.lot_code for line in counted.lines}
    unsent = [
        Handed(line, line.delivered_units - line.shipped_units, codes[line.line_no])
        for line in (lines[one.line_no] for one in counted.lines)
        if line.delivered_units > line.shipped_units
    ]
    if unsent:
        await note_what_came(session, po, unsent, by=by, now=now)
    sent = await reads.lots_sent(session, [row.line_id for row, _ in taken])
    _name_lots(counted.lines, [row for row, _ in taken], sent)
    complete = all(line.delivered_units == line.promised_units for line in locked.lines)
    po.take(Step.RECEIVE_ALL if complete else Step.RECEIVE_PART)
    note_step(session, po, by=by.account_id, now=now, reason=receipt.receipt_no)
    session.add_all(row for row, _ in taken)
    await session.flush()
    await files.attach(
        session, counted.photos, owner=by, purpose=files.Purpose.EVIDENCE, to=receipt.id, now=now, pointer="/photos"
    )
    emit(session, _told(po, receipt, [(row, lines[row.line_no], one) for row, one in taken], now))
    (entered,) = await reads.receipts(session, receipt_id=receipt.id, now=now)
    return Received(entered, locked.status)


async def _write(
    session: AsyncSession,
    locked: Locked,
    counted: Counted,
    lines: Mapping[int, LineRow],
    *,
    at: datetime,
    by: Actor,
    now: datetime,
) -> tuple[ReceiptRow, list[tuple[ReceiptLineRow, Taken]]]:
    """The receipt, with its lines yet to be added, and the order's lines as they are after it."""
    po = locked.po
    contract = await partners.contract(session, po.contract_id)
    receipt = ReceiptRow(
        id=new_id(now),
        partner_id=po.partner_id,
        po_id=po.id,
        receipt_no=counted.receipt_no,
        received_at=at,
        received_on=local_day(at),
        inspector_sealed=keys().seal(counted.inspector, reads.INSPECTOR) if counted.inspector else None,
        digest=counted.digest,
        photos=list(counted.photos),
        entered_at=now,
        by_account=by.account_id,
    )
    taken = []
    for one in counted.lines:
        line = lines[one.line_no]
        tolerance = contract.tolerance_of(line.category)
        result = take_in(one, due_units=line.promised_units - line.delivered_units, tolerance=tolerance)
        line.delivered_units += result.delivered_units
        line.received_units += result.received_units
        payable_fen = result.paid_units * line.unit_price_fen
        line.payable_fen += payable_fen
        little = too_little(line.delivered_units, line.promised_units, tolerance)
        taken.append((_line(receipt, line, one, result, payable_fen=payable_fen, little=little, now=now), result))
    receipt.payable_fen = sum(row.payable_fen for row, _ in taken)
    session.add(receipt)
    return receipt, taken


def _line(
    receipt: ReceiptRow,
    line: LineRow,
    counted: CountedLine,
    taken: Taken,
    *,
    payable_fen: int,
    little: bool,
    now: datetime,
) -> ReceiptLineRow:
    return ReceiptLineRow(
        id=new_id(now),
        receipt_id=receipt.id,
        line_id=line.id,
        line_no=line.line_no,
        sku=line.sku,
        delivered_units=taken.delivered_units,
        received_units=taken.received_units,
        rejected_units=taken.rejected_units,
        short_units=taken.short_units,
        excess_units=taken.excess_units,
        deducted_units=taken.deducted_units,
        unit_price_fen=line.unit_price_fen,
        payable_fen=payable_fen,
        reason=counted.reason.value if counted.reason else None,
        lot_code=counted.lot_code,
        came_units=counted.delivered_units,
        faulty_units=counted.faulty_units,
        verdict=taken.verdict.value,
        too_little=little,
    )


def _name_lots(
    counted: Sequence[CountedLine], rows: Sequence[ReceiptLineRow], sent: Mapping[UUID, Mapping[str, object]]
) -> None:
    """A lot is one that was sent; where only one was, that is it."""
    for place, (one, row) in enumerate(zip(counted, rows, strict=True)):
        lots = sent.get(row.line_id, {})
        if one.lot_code is None:
            row.lot_code = next(iter(lots)) if len(lots) == 1 else None
        elif one.lot_code not in lots:
            listed = "、".join(sorted(lots))
            fault = Fault(f"/lines/{place}/lot_code", UnknownLotOfLine.code, f"已发批次：{listed}", f"sent: {listed}")
            raise UnknownLotOfLine(faults=[fault])


def _told(
    po: PurchaseOrderRow,
    receipt: ReceiptRow,
    taken: Sequence[tuple[ReceiptLineRow, LineRow, Taken]],
    now: datetime,
) -> GoodsReceived:
    return GoodsReceived(
        receipt_id=receipt.id,
        receipt_no=receipt.receipt_no,
        po_id=po.id,
        po_no=po.po_no,
        partner_id=po.partner_id,
        partner_name=po.partner_name,
        division_code=po.division_code,
        received_at=receipt.received_at,
        at=now,
        lines=[
            ReceivedLine(
                line_id=row.id,
                po_line_id=line.id,
                line_no=line.line_no,
                sku=line.sku,
                product_id=line.product_id,
                product_name=line.product_name,
                category=line.category,
                supplier_id=line.supplier_id,
                supplier_name=line.supplier_name,
                township_code=line.township_code,
                township=line.township,
                lot_code=row.lot_code,
                quantity=one.paid_units,
                weight_g=one.paid_units * line.net_weight_g,
                net_fen=row.payable_fen,
                tax_rate_bp=line.tax_rate_bp,
                assisted=line.assisted,
                self_purchase=line.self_purchase,
                delivered_units=row.delivered_units,
                received_units=row.received_units,
                rejected_units=row.rejected_units,
                short_units=row.short_units,
                too_little=row.too_little,
            )
            for row, line, one in taken
        ],
    )

"""Reads and locks of statements, their rows and disputes, and of the documents that wait to be stated."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.core.errors import NotFound
from app.wholesale.lifecycle import StatementStatus
from app.wholesale.models import CorrectionRow, DisputeRow, StatementLineRow, StatementRow
from app.wholesale.rules import DisputeKind, StatementLineKind
from app.wholesale.rules.money import REMINDED_AT
from app.wholesale.rules.statements import Carried, Dispute, Document, Standing, Statement, StatementLine

# A document is stated once: on the newest revision of one statement. A correction is on the statement it was of.
_WAITING = """
SELECT d.kind, d.source_id, d.po_no, d.document_no, d.on_day, d.sku, d.partner_item_code, d.name, d.units,
       d.unit_price_fen, d.tax_rate_bp, d.amount_fen, d.contract_id
FROM (
    SELECT 'receipt' AS kind, t.id AS source_id, p.po_no, r.receipt_no AS document_no, r.received_on AS on_day, t.sku,
           l.partner_item_code, l.name, t.received_units - t.deducted_units AS units, t.unit_price_fen, l.tax_rate_bp,
           t.payable_fen AS amount_fen, p.contract_id, t.line_no
    FROM wholesale_receipt r JOIN wholesale_po p ON p.id = r.po_id
    JOIN wholesale_receipt_line t ON t.receipt_id = r.id JOIN wholesale_po_line l ON l.id = t.line_id
    WHERE r.partner_id = :partner_id AND r.received_on < :until
    UNION ALL
    SELECT 'return', b.id, p.po_no, r.return_no, r.returned_on, l.sku, l.partner_item_code, l.name, -b.units,
           b.unit_price_fen, l.tax_rate_bp, -b.amount_fen, p.contract_id, l.line_no
    FROM wholesale_return r JOIN wholesale_po p ON p.id = r.po_id
    JOIN wholesale_return_line b ON b.return_id = r.id JOIN wholesale_po_line l ON l.id = b.line_id
    WHERE r.partner_id = :partner_id AND r.returned_on < :until
    UNION ALL
    SELECT 'correction', c.id, p.po_no, r.receipt_no, CAST(c.at AT TIME ZONE 'Asia/Shanghai' AS date), l.sku,
           l.partner_item_code, l.name, c.units, coalesce(c.unit_price_fen, t.unit_price_fen), l.tax_rate_bp,
           c.amount_fen, p.contract_id, l.line_no
    FROM wholesale_dispute x JOIN wholesale_correction c ON c.dispute_id = x.id JOIN wholesale_po p ON p.id = c.po_id
    JOIN wholesale_po_line l ON l.id = c.line_id JOIN wholesale_receipt_line t ON t.id = c.receipt_line_id
    JOIN wholesale_receipt r ON r.id = t.receipt_id
    WHERE x.statement_id = CAST(:statement_id AS uuid)) d
WHERE NOT EXISTS (
    SELECT FROM wholesale_statement_line y
    JOIN wholesale_statement s ON s.id = y.statement_id AND s.revision = y.revision
    WHERE y.source_id = d.source_id AND s.id IS DISTINCT FROM CAST(:statement_id AS uuid))
"""
_DOCUMENTS = text(f"""{_WAITING}
ORDER BY d.on_day, array_position(ARRAY['receipt', 'return', 'correction'], d.kind), d.po_no, d.document_no, d.line_no,
         d.source_id
""")

# Partners with something to state of a month or before, and no statement of that month or a later one.
_DUE = text("""
SELECT p.id FROM partners_partner p
WHERE NOT EXISTS (SELECT FROM wholesale_statement s WHERE s.partner_id = p.id AND s.month >= :month)
  AND (EXISTS (
    SELECT FROM wholesale_receipt r JOIN wholesale_receipt_line t ON t.receipt_id = r.id
    WHERE r.partner_id = p.id AND r.received_on < :until
      AND NOT EXISTS (SELECT FROM wholesale_statement_line y JOIN wholesale_statement s
                      ON s.id = y.statement_id AND s.revision = y.revision WHERE y.source_id = t.id))
  OR EXISTS (
    SELECT FROM wholesale_return r JOIN wholesale_return_line b ON b.return_id = r.id
    WHERE r.partner_id = p.id AND r.returned_on < :until
      AND NOT EXISTS (SELECT FROM wholesale_statement_line y JOIN wholesale_statement s
                      ON s.id = y.statement_id AND s.revision = y.revision WHERE y.source_id = b.id)))
ORDER BY p.id LIMIT :limit
""")

# A statement closed below zero is its partner's money until a later one takes it over, or it is refunded.
FREE = """
s.status = 'paid' AND s.payable_fen < 0 AND NOT EXISTS (
    SELECT FROM wholesale_statement_line y
    JOIN wholesale_statement t ON t.id = y.statement_id AND t.revision = y.revision
    WHERE y.source_id = s.id AND t.id IS DISTINCT FROM CAST(:statement_id AS uuid))
AND NOT EXISTS (SELECT FROM wholesale_refund f WHERE f.statement_id = s.id AND f.status <> 'declined')
"""
_CARRIED = text(f"""
SELECT s.id, s.number, s.month, s.payable_fen FROM wholesale_statement s
WHERE s.partner_id = :partner_id AND s.month < :month AND {FREE} ORDER BY s.month
""")

# By which contract each statement's goods were ordered, and when the first of them came.
_RECEIVED = text("""
SELECT p.contract_id, min(l.on_day)
FROM wholesale_statement_line l JOIN wholesale_receipt_line t ON t.id = l.source_id
JOIN wholesale_receipt r ON r.id = t.receipt_id JOIN wholesale_po p ON p.id = r.po_id
WHERE l.statement_id = :statement_id AND l.revision = :revision AND l.kind = 'receipt' GROUP BY p.contract_id
""")

# What of a statement stands elsewhere, in one statement for any number of them.
_AROUND = text(f"""
SELECT s.id, p.name, p.uscc, c.contract_no, o.number, CASE WHEN {FREE} THEN -s.payable_fen ELSE 0 END
FROM wholesale_statement s
JOIN partners_partner p ON p.id = s.partner_id JOIN partners_contract c ON c.id = s.contract_id
LEFT JOIN LATERAL (
    SELECT t.number FROM wholesale_statement_line y
    JOIN wholesale_statement t ON t.id = y.statement_id AND t.revision = y.revision
    WHERE s.payable_fen < 0 AND y.source_id = s.id AND y.kind = 'carried' LIMIT 1) o ON true
WHERE s.id IN (SELECT unnest(CAST(:ids AS uuid[])))
""")

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('wholesale.statements'), hashtext(:partner_id))")

_STANDING = text("""
SELECT t.id, t.received_units - t.deducted_units - coalesce(b.units, 0) + coalesce(c.units, 0),
       coalesce(n.unit_price_fen, t.unit_price_fen), coalesce(c.units, 0)
FROM wholesale_receipt_line t
LEFT JOIN LATERAL (SELECT sum(units) AS units FROM wholesale_return_line WHERE receipt_line_id = t.id) b ON true
LEFT JOIN LATERAL (SELECT sum(units) AS units FROM wholesale_correction WHERE receipt_line_id = t.id) c ON true
LEFT JOIN LATERAL (SELECT unit_price_fen FROM wholesale_correction
                   WHERE receipt_line_id = t.id AND unit_price_fen IS NOT NULL ORDER BY id DESC LIMIT 1) n ON true
WHERE t.id IN (SELECT unnest(CAST(:ids AS uuid[])))
""")


async def hold_partner(session: AsyncSession, partner_id: UUID) -> None:
    """Keep everybody else from stating this partner's documents until the transaction ends."""
    await ask(session, _ONE_AT_A_TIME, {"partner_id": str(partner_id)})


async def documents(
    session: AsyncSession, partner_id: UUID, *, until: date, statement_id: UUID | None
) -> tuple[list[Document], UUID | None]:
    """What is to be stated of the days before ``until``, and the contract of the newest of it.

    What stands on ``statement_id`` already is among it, and its corrections are.
    """
    found = await ask(session, _DOCUMENTS, {"partner_id": partner_id, "until": until, "statement_id": statement_id})
    rows = [
        Document(
            kind=StatementLineKind(kind),
            source_id=source_id,
            po_no=po_no,
            document_no=document_no,
            on_day=on_day,
            sku=sku,
            partner_item_code=item,
            name=name,
            units=int(units),
            unit_price_fen=int(price),
            tax_rate_bp=rate,
            amount_fen=int(amount),
            contract_id=under,
        )
        for kind, source_id, po_no, document_no, on_day, sku, item, name, units, price, rate, amount, under in found
    ]
    return rows, found[-1][-1] if found else None


async def carried(session: AsyncSession, partner_id: UUID, month: date, *, statement_id: UUID) -> list[Carried]:
    """What earlier statements than that of ``month`` were closed with below zero and no other one took over."""
    values = {"partner_id": partner_id, "month": month, "statement_id": statement_id}
    return [
        Carried(source_id=of, number=no, month=on, amount_fen=fen)
        for of, no, on, fen in await ask(session, _CARRIED, values)
    ]


async def first_receipts(session: AsyncSession, statement_id: UUID, revision: int) -> dict[UUID, date]:
    """The day of the first receipt on a revision, by the contract of its goods."""
    values = {"statement_id": statement_id, "revision": revision}
    return dict(await ask(session, _RECEIVED, values))


async def due_partners(session: AsyncSession, month: date, *, until: date, limit: int) -> list[UUID]:
    """Up to ``limit`` partners whose documents of days before ``until`` wait for their statement of ``month``."""
    found = await ask(session, _DUE, {"month": month, "until": until, "limit": limit})
    return [partner_id for (partner_id,) in found]


async def standing(session: AsyncSession, receipt_line_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """What is left of rows of receipts after returns and corrections."""
    found = await ask(session, _STANDING, {"ids": array(receipt_line_ids)})
    return {line_id: Standing(int(units), int(price), int(gone)) for line_id, units, price, gone in found}


async def lock_statement(session: AsyncSession, statement_id: UUID, *, partner_id: UUID | None = None) -> StatementRow:
    """A statement, locked; a draft is nothing to its partner. Raises ``NotFound``.

    Its partner is held first, as whoever draws statements does, so that nobody waits in a ring.
    """
    whose = await session.scalar(select(StatementRow.partner_id).where(StatementRow.id == statement_id))
    if whose is None:
        raise NotFound
    await hold_partner(session, whose)
    query = select(StatementRow).where(StatementRow.id == statement_id).with_for_update()
    row = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    if row is None or (partner_id is not None and not _shown(row, partner_id)):
        raise NotFound
    return row


def _shown(row: StatementRow, partner_id: UUID) -> bool:
    return row.partner_id == partner_id and row.status != StatementStatus.DRAFT


async def statement_of(session: AsyncSession, partner_id: UUID, month: date) -> StatementRow | None:
    """The partner's statement of a month, locked."""
    query = select(StatementRow).where(StatementRow.partner_id == partner_id, StatementRow.month == month)
    return (await session.scalars(query.with_for_update().execution_options(populate_existing=True))).one_or_none()


async def lock_payable(session: AsyncSession, partner_id: UUID) -> list[StatementRow]:
    """The partner's statements that wait for money, locked, the one that is due first first; the partner is held."""
    waiting = (StatementStatus.INVOICED, StatementStatus.PARTIALLY_PAID)
    query = (
        select(StatementRow)
        .where(StatementRow.partner_id == partner_id, StatementRow.status.in_(waiting))
        .order_by(StatementRow.due_on, StatementRow.id)
    )
    return list(await session.scalars(query.with_for_update().execution_options(populate_existing=True)))


async def lock_to_remind(session: AsyncSession, today: date, *, limit: int) -> list[StatementRow]:
    """Up to ``limit`` unpaid statements of which a day of ``REMINDED_AT`` has come and was not told, locked."""
    row = StatementRow
    due = [
        (row.due_on + days <= today) & (row.reminded_on.is_(None) | (row.reminded_on < row.due_on + days))
        for days in REMINDED_AT
    ]
    unpaid = (StatementStatus.CONFIRMED, StatementStatus.INVOICED, StatementStatus.PARTIALLY_PAID)
    query = (
        select(row)
        .where(row.status.in_(unpaid), row.paid_fen < row.payable_fen, or_(*due))
        .order_by(row.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def latest_month(session: AsyncSession, partner_id: UUID) -> date | None:
    """The last month of which the partner has a statement."""
    return await session.scalar(select(func.max(StatementRow.month)).where(StatementRow.partner_id == partner_id))


async def lines(session: AsyncSession, statement_id: UUID, revision: int) -> list[StatementLine]:
    """The rows of a revision, in their order."""
    query = (
        select(StatementLineRow)
        .where(StatementLineRow.statement_id == statement_id, StatementLineRow.revision == revision)
        .order_by(StatementLineRow.position)
    )
    return [
        StatementLine(
            id=row.id,
            position=row.position,
            kind=StatementLineKind(row.kind),
            source_id=row.source_id,
            po_no=row.po_no,
            document_no=row.document_no,
            on_day=row.on_day,
            sku=row.sku,
            partner_item_code=row.partner_item_code,
            name=row.name,
            units=row.units,
            unit_price_fen=row.unit_price_fen,
            tax_rate_bp=row.tax_rate_bp,
            amount_fen=row.amount_fen,
        )
        for row in await session.scalars(query)
    ]


async def disputes(session: AsyncSession, statement_id: UUID) -> list[Dispute]:
    """Every dispute of a statement, oldest first, with what it changed."""
    query = (
        select(DisputeRow, func.coalesce(CorrectionRow.amount_fen, 0))
        .outerjoin(CorrectionRow, CorrectionRow.dispute_id == DisputeRow.id)
        .where(DisputeRow.statement_id == statement_id)
        .order_by(DisputeRow.id)
        .execution_options(populate_existing=True)
    )
    return [
        Dispute(
            id=row.id,
            statement_id=row.statement_id,
            line_id=row.line_id,
            kind=DisputeKind(row.kind),
            claimed_units=row.claimed_units,
            claimed_price_fen=row.claimed_price_fen,
            claimed_amount_fen=row.claimed_amount_fen,
            note=row.note,
            opened_at=row.opened_at,
            accepted=row.accepted,
            answer=row.answer,
            decided_at=row.decided_at,
            corrected_fen=int(corrected),
        )
        for row, corrected in await session.execute(query)
    ]


async def open_disputes(session: AsyncSession, statement_id: UUID) -> int:
    """How many disputes of a statement nobody has decided."""
    query = select(func.count()).where(DisputeRow.statement_id == statement_id, DisputeRow.decided_at.is_(None))
    return int(await session.scalar(query) or 0)


async def get(
    session: AsyncSession, statement_id: UUID, *, partner_id: UUID | None = None, revision: int | None = None
) -> Statement:
    """One statement with the rows of its newest revision, or an older one. Raises ``NotFound``."""
    row = await session.get(StatementRow, statement_id, populate_existing=True)
    if row is None or (partner_id is not None and not _shown(row, partner_id)):
        raise NotFound
    (found,) = await _values(session, [row])
    shown = await lines(session, row.id, revision or row.revision)
    if not shown:
        raise NotFound
    return replace(found, lines=tuple(shown), disputes=tuple(await disputes(session, row.id)))


async def page(
    session: AsyncSession,
    *,
    partner_id: UUID | None = None,
    sent_only: bool = False,
    month: date | None = None,
    status: StatementStatus | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int,
) -> list[Statement]:
    """Statements without their rows, the latest month first."""
    query = select(StatementRow).order_by(StatementRow.month.desc(), StatementRow.id.desc()).limit(limit)
    if partner_id is not None:
        query = query.where(StatementRow.partner_id == partner_id)
    if sent_only:
        query = query.where(StatementRow.status != StatementStatus.DRAFT)
    if month is not None:
        query = query.where(StatementRow.month == month)
    if status is not None:
        query = query.where(StatementRow.status == status)
    if after is not None:
        query = query.where(
            (StatementRow.month < after[0]) | ((StatementRow.month == after[0]) & (StatementRow.id < after[1]))
        )
    rows = list(await session.scalars(query.execution_options(populate_existing=True)))
    return await _values(session, rows) if rows else []


async def _values(session: AsyncSession, rows: list[StatementRow]) -> list[Statement]:
    values = {"ids": array(row.id for row in rows), "statement_id": None}
    around = {statement_id: told for statement_id, *told in await ask(session, _AROUND, values)}
    return [_value(row, *around[row.id]) for row in rows]


def _value(row: StatementRow, name: str, uscc: str, contract_no: str, carried_to: str | None, free: int) -> Statement:
    return Statement(
        id=row.id,
        number=row.number,
        code=row.code,
        partner_id=row.partner_id,
        partner_name=name,
        partner_uscc=uscc,
        contract_id=row.contract_id,
        contract_no=contract_no,
        month=row.month,
        revision=row.revision,
        status=StatementStatus(row.status),
        goods_fen=row.goods_fen,
        rebate_fen=row.rebate_fen,
        fees_fen=row.fees_fen,
        carried_fen=row.carried_fen,
        payable_fen=row.payable_fen,
        paid_fen=row.paid_fen,
        credit_fen=free,
        carried_to=carried_to,
        issued_at=row.issued_at,
        sent_at=row.sent_at,
        confirmed_at=row.confirmed_at,
        invoiced_at=row.invoiced_at,
        invoice_no=row.invoice_no,
        due_on=row.due_on,
        paid_at=row.paid_at,
    )

"""The same number with other content: a new version, while nothing was shipped (domain handbook §4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, partners
from app.core.errors import DomainError
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.inventory import OutOfStock
from app.partners import Credit
from app.wholesale.lifecycle import Status, Step, after
from app.wholesale.models import LineRow, VersionRow
from app.wholesale.queries import Locked
from app.wholesale.rules import Ack
from app.wholesale.rules.asking import SHORT_OF_CREDIT, SHORT_OF_STOCK, AskedOrder, Given, Planned, same_meaning
from app.wholesale.rules.orders import FromSheet, Mismatch, Partial
from app.wholesale.service.appointments import free_room
from app.wholesale.service.prepare import Before, Prepared, freeze, new_line, prepare
from app.wholesale.service.promise import at_lines, confirmed, give, move_worth, note_step, take_both

DROPPED = "dropped"
"""Why a line has nothing ordered any more."""


async def amend(
    session: AsyncSession,
    locked: Locked,
    newest: VersionRow,
    asked: AskedOrder,
    *,
    by: Actor,
    now: datetime,
    on_mismatch: Mismatch,
    partial: Partial,
    sheet: FromSheet | None,
) -> Credit | None:
    """Let a locked order ask for ``asked``; None when that is what it asks for already, else the credit after it.

    Stock and credit move by the difference; prices are those of the day that the order counts for, or at which it was
    approved. A confirmed order is not put in doubt: what would need approval is refused. What the marketplace has
    answered to a line stands while the line is asked for as before. Raises as ``place``.
    """
    if newest.digest == asked.digest:
        return None
    po, waits = locked.po, locked.status is Status.NEEDS_APPROVAL
    try:
        prepared = await prepare(
            session,
            asked,
            partner_id=po.partner_id,
            now=now,
            review=waits and on_mismatch is Mismatch.REVIEW,
            before=_before(locked),
        )
    except DomainError:
        after(locked.status, Step.AMEND)  # that it is too late is the better answer
        raise
    content = prepared.content(asked)
    if same_meaning(newest.content, content):
        return None
    po.take(Step.AMEND)
    plan = prepared.plan
    held, worth_fen = ({}, 0) if waits else (locked.held(), locked.worth())
    kept = {} if waits else _answered(locked, plan.lines)
    open_lines = [line for line in plan.lines if line.asked.line_no not in kept]
    given = {line.asked.line_no: Given(line.units) for line in open_lines}
    if partial is Partial.ACCEPT and open_lines and not plan.doubts:
        free = {sku: units - sum(row.promised_units for row in kept.values() if row.sku == sku)
                for sku, units in held.items()}  # fmt: skip
        worth = worth_fen - sum(row.promised_units * row.unit_price_fen for row in kept.values())
        answers = await give(session, open_lines, partner_id=po.partner_id, held=free, worth_fen=worth)
        given = {line.asked.line_no: one for line, one in zip(open_lines, answers, strict=True)}
    po.version += 1
    version = VersionRow(
        id=new_id(now),
        po_id=po.id,
        version=po.version,
        content=content,
        digest=asked.digest,
        file_digest=sheet.digest if sheet else None,
        file_row=sheet.row if sheet else None,
        received_at=now,
        by_account=by.account_id,
    )
    session.add(version)
    if po.location_id != prepared.location.id:
        await free_room(session, locked, now=now)
    _rewrite(session, locked, asked, prepared, given, now=now)
    wanted = locked.held()
    note_step(session, po, by=by.account_id, now=now, reason=f"version {po.version}")
    await session.flush()
    if plan.doubts:
        return await partners.credit(session, po.partner_id)
    try:
        if waits:
            credit = await take_both(session, po, wanted, source_id=version.id, by=by.account_id, now=now)
        else:
            wanted = dict.fromkeys(held, 0) | wanted
            credit = await move_worth(session, po, worth_fen, source_id=version.id, now=now)
            await inventory.rebook(session, po.id, wanted, by=by.account_id, now=now)
    except OutOfStock as refusal:
        raise at_lines(refusal, list(wanted), plan.lines) from refusal
    if waits:
        po.take(Step.APPROVE)
        po.confirmed_at = now
        note_step(session, po, by=by.account_id, now=now)
        await session.flush()
    emit(session, confirmed(po, locked.lines, now))
    return credit


def _before(locked: Locked) -> Before:
    units: dict[str, int] = {}
    prices: dict[str, int] = {}
    for line in locked.lines:
        units[line.ordered_sku] = units.get(line.ordered_sku, 0) + line.ordered_units
        if locked.status is Status.CONFIRMED and line.ordered_units and line.sku == line.ordered_sku:
            prices[line.sku] = line.unit_price_fen
    return Before(locked.po.order_on, locked.po.required_on, units, prices)


def _answered(locked: Locked, lines: Sequence[Planned]) -> dict[int, LineRow]:
    """Lines that the marketplace has cut or exchanged and that are asked for as before: those answers stand."""
    kept = {}
    for planned in lines:
        row = locked.line(planned.asked.line_no)
        if row is None or (row.ordered_sku, row.ordered_units) != (planned.item.sku, planned.units):
            continue
        if row.ack != Ack.ACCEPTED.value and row.ack_reason not in {SHORT_OF_STOCK, SHORT_OF_CREDIT}:
            kept[row.line_no] = row
    return kept


def _rewrite(
    session: AsyncSession,
    locked: Locked,
    asked: AskedOrder,
    prepared: Prepared,
    given: Mapping[int, Given],
    *,
    now: datetime,
) -> None:
    """The order and its lines as they are asked for now; a line that is not named any more keeps its row.

    Lines that nothing is ``given`` for stay as they were answered.
    """
    po = locked.po
    po.location_id, po.location_code = prepared.location.id, prepared.location.code
    po.division_code = prepared.location.division_code
    po.kind, po.note = asked.kind.value, asked.note
    po.required_on, po.closes_on = asked.required_on, asked.closes_on
    rows = {line.line_no: line for line in locked.lines}
    for planned in prepared.plan.lines:
        row, one = rows.pop(planned.asked.line_no, None), given.get(planned.asked.line_no)
        if one is None:
            continue
        if row is not None:
            freeze(row, planned, one, prepared)
        else:
            row = new_line(po.id, planned, one, prepared, now=now)
            session.add(row)
            locked.lines.append(row)
    for row in rows.values():
        row.ordered_units = row.promised_units = 0
        row.ack, row.ack_reason = Ack.REJECTED.value, DROPPED
    locked.lines.sort(key=lambda line: line.line_no)
    po.total_fen = locked.worth()

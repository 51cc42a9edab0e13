"""The same number with other content: a new version, while nothing was shipped (domain handbook §4.2)."""

from __future__ import annotations

from collections.abc import Sequence
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
from app.wholesale.models import VersionRow
from app.wholesale.queries import Locked
from app.wholesale.rules import Ack
from app.wholesale.rules.asking import AskedOrder, Given, same_meaning
from app.wholesale.rules.orders import FromSheet, Mismatch, Partial
from app.wholesale.service.prepare import Before, Prepared, freeze, new_line, prepare
from app.wholesale.service.promise import at_lines, confirmed, give, move_worth, note_step, take_both, wanted_of

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

    Stock and credit move by the difference; prices are those of the day that the order counts for. A confirmed order is
    not put in doubt: what would need approval is refused. Raises as ``place``.
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
    given = [Given(line.units) for line in plan.lines]
    if partial is Partial.ACCEPT and not plan.doubts:
        given = await give(session, plan.lines, partner_id=po.partner_id, held=held, worth_fen=worth_fen)
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
    _rewrite(session, locked, asked, prepared, given, now=now)
    wanted = wanted_of(plan.lines, given)
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
    for line in locked.lines:
        units[line.ordered_sku] = units.get(line.ordered_sku, 0) + line.ordered_units
    return Before(locked.po.order_on, locked.po.required_on, units)


def _rewrite(
    session: AsyncSession,
    locked: Locked,
    asked: AskedOrder,
    prepared: Prepared,
    given: Sequence[Given],
    *,
    now: datetime,
) -> None:
    """The order and its lines as they are asked for now; a line that is not named any more keeps its row."""
    po = locked.po
    po.location_id, po.location_code = prepared.location.id, prepared.location.code
    po.division_code = prepared.location.division_code
    po.kind, po.note = asked.kind.value, asked.note
    po.required_on, po.closes_on = asked.required_on, asked.closes_on
    rows = {line.line_no: line for line in locked.lines}
    for planned, one in zip(prepared.plan.lines, given, strict=True):
        row = rows.pop(planned.asked.line_no, None)
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

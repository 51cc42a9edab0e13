"""Declare sales from outside the platform, and take such ones back: each with a second person."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, files, suppliers
from app.assistance import queries
from app.assistance.models import DeclaredSaleRow, ExternalClaimRow, VoucherRow
from app.assistance.rules.counting import programme_on
from app.assistance.rules.declared import (
    CountedMeanwhile,
    DeclaredSale,
    Doubt,
    NewDeclaredSale,
    NotCountable,
    PossibleDuplicate,
)
from app.assistance.rules.periods import counted_on
from app.assistance.rules.proposals import Correction, Proposal, ProposalKind, Verdict
from app.assistance.service.proposals import decide, post_adjustment, propose
from app.core.clock import day_start, local_day
from app.core.errors import Fault, NotFound
from app.core.ids import new_id
from app.identity import Actor

_POST = text("""
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, product_name,
    category, supplier_id, supplier_name, township_code, township, channel, division_code, quantity, weight_g,
    amount_fen, evidence, by_account, approved_by)
SELECT :id, :now, :occurred_at, :counted_on, 'sale', s.id, s.id, s.id, :product_name, s.category, s.supplier_id,
    s.supplier_name, s.township_code, s.township, s.channel, s.division_code, p.quantity, p.weight_g, p.amount_fen,
    'declared', p.proposed_by, :approved_by
FROM assistance_declared_sale s JOIN assistance_proposal p ON p.id = s.id WHERE s.id = :sale
""")
_NAMES = {root.slug: root.name for root in catalogue.CATEGORIES}


async def declare_sale(session: AsyncSession, new: NewDeclaredSale, *, by: Actor, now: datetime) -> DeclaredSale:
    """Propose to count a sale from outside the platform, with the vouchers that prove it.

    It counts once somebody else approves it, as ``declared`` in every total. Raises ``NotCountable``, ``NotFound``,
    ``UnknownFile``, and ``PossibleDuplicate`` where it looks like a known sale and nobody says why it is none.
    """
    supplier = await suppliers.get(session, new.supplier_id)
    await _check(session, new, supplier)
    digests = {}
    for position, file_id in enumerate(new.file_ids):
        _, content = await files.read(
            session, file_id, owner=by, purpose=files.Purpose.EVIDENCE, pointer=f"/file_ids/{position}"
        )
        digests[file_id] = hashlib.sha256(content).digest()
    found = await queries.doubts(session, new, digests.values())
    if found and not new.not_a_duplicate_because:
        raise PossibleDuplicate(faults=[_fault(doubt) for doubt in found])
    sale_id = await propose(
        session,
        ProposalKind.DECLARED,
        figures=(new.quantity, new.weight_g, new.amount_fen),
        note=new.note,
        by=by,
        now=now,
    )
    await session.execute(
        insert(DeclaredSaleRow).values(
            id=sale_id,
            occasion=new.occasion.value,
            voucher_no=new.voucher_no,
            sold_on=new.sold_on,
            channel=new.channel.value,
            division_code=new.division_code,
            supplier_id=supplier.id,
            supplier_name=supplier.name,
            township_code=supplier.township_code,
            township=supplier.township,
            category=new.category,
            buyer=new.buyer,
            source=new.source,
            invoice_no=new.invoice_no,
            invoice_line=new.invoice_line,
            doubts=[asdict(doubt) for doubt in found],
            not_a_duplicate_because=new.not_a_duplicate_because if found else None,
        )
    )
    await files.attach(
        session, new.file_ids, owner=by, purpose=files.Purpose.EVIDENCE, to=sale_id, now=now, pointer="/file_ids"
    )
    rows = [{"declared_id": sale_id, "file_id": file_id, "sha256": digest} for file_id, digest in digests.items()]
    await session.execute(insert(VoucherRow), rows)
    return await queries.declared_sale(session, sale_id)


def _fault(doubt: Doubt) -> Fault:
    zh = {
        "same_voucher": "凭证号与已申报的一笔相同",
        "same_file": "附件与已申报的一笔相同",
        "same_amount": "同一供货方同日同金额已有申报",
        "platform_order": "凭证号是平台或 832 订单号",
        "platform_amount": "同一供货方同日有同金额的平台订单",
    }[doubt.kind.value]
    en = {
        "same_voucher": "a declared sale has this voucher number",
        "same_file": "a declared sale has the same file",
        "same_amount": "the supplier has a declared sale of that day and amount",
        "platform_order": "the number is that of an order here or on 832",
        "platform_amount": "the supplier has an order of that day and amount here",
    }[doubt.kind.value]
    return Fault("/voucher_no", doubt.kind.value, f"{zh}：{doubt.like}", f"{en}: {doubt.like}")


async def _check(session: AsyncSession, new: NewDeclaredSale, supplier: suppliers.SupplierCard) -> None:
    programme = programme_on(new.sold_on)
    faults = []
    if programme is None:
        faults.append(Fault("/month", NotCountable.code, "该月份不在帮扶期内", "no programme was in force then"))
    elif not new.division_code.startswith(programme.destination):
        faults.append(Fault("/division_code", NotCountable.code, "购买方须在山东省", "the buyer must be in Shandong"))
    if not supplier.township_code.startswith(suppliers.BAOJING) or not await catalogue.assists(
        session, supplier.id, new.sold_on
    ):
        zh, en = "供货方当时没有有效的带贫联结或产品认定", "nothing of the supplier's counted as assistance then"
        faults.append(Fault("/supplier_id", NotCountable.code, zh, en))
    if faults:
        raise NotCountable(faults=faults)


async def propose_withdrawal(
    session: AsyncSession, sale_id: UUID, *, reason: Correction, note: str, by: Actor, now: datetime
) -> Proposal:
    """Propose to take a declared sale back, as far as it is still counted. Raises ``NotFound``."""
    sale = await queries.declared_sale(session, sale_id)
    if sale.proposal.posted is None:
        raise NotFound
    counted = await queries.lock_sales(session, [sale_id], source=sale_id)
    left = counted[0].left
    if left.amount_fen <= 0:
        raise NotFound
    proposal_id = await propose(
        session,
        ProposalKind.WITHDRAWAL,
        entry_id=sale.proposal.posted.id,
        reason=reason,
        figures=(-left.quantity, -left.weight_g, -left.amount_fen),
        note=note,
        by=by,
        now=now,
    )
    return await queries.proposal(session, proposal_id)


async def decide_proposal(
    session: AsyncSession, proposal_id: UUID, verdict: Verdict, *, note: str, by: Actor, now: datetime
) -> Proposal:
    """Approve a change of the ledger, which posts it into the open month, or decline it.

    Raises ``NotFound``, ``ProposalDecided``, ``SecondPersonNeeded``, ``AdjustmentTooLarge``, ``ClaimedElsewhere``, and
    ``CountedMeanwhile`` where a declared sale looks like one that was counted after it was declared.
    """
    found = await decide(session, proposal_id, verdict, note=note, by=by, now=now)
    if verdict is Verdict.APPROVED:
        post = _post_sale if found.kind is ProposalKind.DECLARED else post_adjustment
        await post(session, found, by=by, now=now)
    return await queries.proposal(session, proposal_id)


async def _post_sale(session: AsyncSession, found: Proposal, *, by: Actor, now: datetime) -> None:
    sale = await queries.declared_sale(session, found.id)
    if alike := await queries.counted_meanwhile(session, sale):
        raise CountedMeanwhile(faults=[_fault(doubt) for doubt in alike])
    open_day = await queries.open_from(session)
    entry_id = new_id(now)
    day = min(sale.sold_on, local_day(now))
    posting = {
        "id": entry_id,
        "now": now,
        "occurred_at": day_start(day),
        "counted_on": counted_on(day, open_day),
        "product_name": _NAMES.get(sale.category, sale.category),
        "sale": found.id,
        "approved_by": by.account_id,
    }
    await session.execute(_POST, posting)
    if sale.invoice_no is not None:
        claim = {"source": sale.source, "invoice_no": sale.invoice_no, "line": sale.invoice_line}
        await session.execute(insert(ExternalClaimRow).values(entry_id=entry_id, **claim))

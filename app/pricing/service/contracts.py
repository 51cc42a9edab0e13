"""What partners call our goods by, and the price lists of their contracts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import partners
from app.core.clock import local_day
from app.core.errors import Fault, NotFound
from app.core.ids import new_id
from app.identity import Actor
from app.partners import Contract, ContractOver
from app.pricing.models import ContractPriceRow, ItemRow
from app.pricing.queries import contracts as reads
from app.pricing.rules.contracts import (
    InvalidItem,
    InvalidPriceList,
    ListedPrice,
    Mapping,
    NewPrice,
    PriceWithdrawn,
    Warned,
    check_codes,
    check_prices,
    notices,
)

_MAX_PACK = 100_000


async def map_item(session: AsyncSession, partner_id: UUID, wanted: Mapping, *, by: Actor, now: datetime) -> Mapping:
    """Write down what a partner calls a SKU by, instead of what was there.

    Raises ``NotFound``, ``InvalidItem``, ``CodeConflict`` when a code means other goods, and ``ItemCodeTaken`` when
    another call gave it away at the same time.
    """
    if not 1 <= wanted.case_pack <= _MAX_PACK or (wanted.pallet_cases is not None and wanted.pallet_cases < 1):
        raise InvalidItem(faults=[Fault("/case_pack", "out_of_range", "箱规超出范围", "out of range")])
    named = await reads.named(session, partner_id, wanted)
    check_codes(wanted, named[0].name, named)
    row = await reads.lock_item(session, partner_id, wanted.sku)
    if row is None:
        row = ItemRow(id=new_id(now), partner_id=partner_id, sku=wanted.sku)
        session.add(row)
    row.partner_item_code = wanted.partner_item_code
    row.gtin13 = wanted.gtin13
    row.itf14 = wanted.itf14
    row.case_pack = wanted.case_pack
    row.pallet_cases = wanted.pallet_cases
    row.updated_at = now
    row.by_account = by.account_id
    await session.flush()
    return reads.mapped(row)


async def unmap_item(session: AsyncSession, partner_id: UUID, sku: str) -> None:
    """Forget what a partner calls a SKU by. Raises ``NotFound``."""
    row = await reads.lock_item(session, partner_id, sku)
    if row is None:
        raise NotFound
    await session.delete(row)
    await session.flush()


async def list_prices(
    session: AsyncSession,
    contract: Contract,
    rows: Sequence[NewPrice],
    *,
    notice_days: int = 0,
    by: Actor,
    now: datetime,
) -> tuple[list[ListedPrice], list[Warned]]:
    """Add rows to a contract's price list, all or none; with what is to be known of them.

    A signed contract's list goes on growing: prices are agreed through the year. Raises ``ContractOver`` once it was
    ended, ``InvalidPriceList`` with every row that cannot be, and ``PriceListOverlaps`` in a race.
    """
    await reads.lock_list(session, contract.id)
    contract = await partners.hold_contract(session, contract.id)  # it may have been ended since it was read
    warned = await _checked(session, contract, rows, notice_days, now)
    added = [
        ContractPriceRow(
            id=new_id(now),
            contract_id=contract.id,
            sku=row.sku,
            price_fen=row.price_fen,
            promotion=row.promotion,
            min_cases=row.min_cases,
            multiple_cases=row.multiple_cases,
            min_life_days=row.min_life_days,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            withdrawn_at=None,
            created_at=now,
            by_account=by.account_id,
        )
        for row in rows
    ]
    session.add_all(added)
    await session.flush()
    return [reads.listed(row) for row in added], warned


async def try_prices(
    session: AsyncSession, contract: Contract, rows: Sequence[NewPrice], *, notice_days: int, now: datetime
) -> tuple[list[ListedPrice], list[Warned]]:
    """What ``list_prices`` would add, with ids that lead nowhere. Changes nothing; raises the same."""
    warned = await _checked(session, contract, rows, notice_days, now)
    return [_listed(contract, row, now) for row in rows], warned


async def withdraw_price(session: AsyncSession, contract_id: UUID, price_id: UUID, *, now: datetime) -> ListedPrice:
    """Let a price hold no longer, from today on. Raises ``NotFound`` and ``PriceWithdrawn``."""
    row = await reads.lock_price(session, contract_id, price_id)
    if row.withdrawn_at is not None:
        raise PriceWithdrawn
    row.withdrawn_at = now
    await session.flush()
    return reads.listed(row)


async def _checked(
    session: AsyncSession, contract: Contract, rows: Sequence[NewPrice], notice_days: int, now: datetime
) -> list[Warned]:
    if contract.ended_at is not None:
        raise ContractOver
    skus = sorted({row.sku for row in rows})
    known = await reads.names(session, skus)
    faults = [
        Fault(
            f"/rows/{at}/sku", "not_for_wholesale", "没有该货号，或该商品不供商超", "no such SKU that is for wholesale"
        )
        for at, row in enumerate(rows)
        if not known.get(row.sku, ("", False))[1]
    ]
    if faults:
        raise InvalidPriceList(faults=faults)
    listed = await reads.prices_of(session, contract.id, skus=skus)
    check_prices(rows, listed, contract.valid_from, contract.valid_to)
    return notices(rows, listed, today=local_day(now), notice_days=notice_days)


def _listed(contract: Contract, row: NewPrice, now: datetime) -> ListedPrice:
    return ListedPrice(
        id=new_id(now),
        contract_id=contract.id,
        sku=row.sku,
        price_fen=row.price_fen,
        promotion=row.promotion,
        min_cases=row.min_cases,
        multiple_cases=row.multiple_cases,
        min_life_days=row.min_life_days,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        withdrawn_at=None,
    )

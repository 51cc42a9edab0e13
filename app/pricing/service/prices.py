"""Set a price; quote a cart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue
from app.core.errors import Fault, InvalidInput
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.pricing import queries
from app.pricing.events import PriceChanged
from app.pricing.models import PriceRow
from app.pricing.rules import (
    MAX_PRICE_FEN,
    NotDeliverable,
    NotOnSale,
    Price,
    Quote,
    Wanted,
    assemble,
    check_floor,
    was_price,
)
from app.pricing.rules.freight import nearest


async def set_price(
    session: AsyncSession,
    sku: str,
    price_fen: int,
    *,
    by: Actor | None = None,
    below_floor: bool = False,
    now: datetime,
) -> Price:
    """Let one sales unit of ``sku`` cost ``price_fen`` from ``now`` on; the price before stays as history.

    The same price again changes nothing. ``below_floor`` is the marketplace's consent to a price below the SKU's floor,
    which is kept with the price. Raises ``InvalidInput`` outside 1..10,000,000 fen, ``BelowFloor`` without consent, and
    ``NotFound`` for a SKU that does not exist.
    """
    if not 1 <= price_fen <= MAX_PRICE_FEN:
        raise InvalidInput(faults=[Fault("/price_fen", "out_of_range", "价格超出允许范围", "Out of range")])
    current = await queries.lock_current(session, sku)
    if current is not None and current.price_fen == price_fen:
        return Price(sku, price_fen, current.valid_from)
    floor_fen = await catalogue.floor(session, sku)
    check_floor(price_fen, floor_fen, consent=below_floor)
    start = now
    if current is not None:
        start = max(now, current.valid_from)
        current.valid_to = start
        await session.flush()
    session.add(
        PriceRow(
            id=new_id(now),
            sku=sku,
            price_fen=price_fen,
            valid_from=start,
            valid_to=None,
            by_account=None if by is None else by.account_id,
            was_price_fen=None,
            below_floor=floor_fen is not None and price_fen < floor_fen,
        )
    )
    emit(session, PriceChanged(sku=sku, price_fen=price_fen, at=start))
    await session.flush()
    return Price(sku, price_fen, start)


async def compare(session: AsyncSession, sku: str, *, start: datetime, dealt_fen: int | None) -> None:
    """Write down what may be crossed out beside the price that began at ``start``.

    ``dealt_fen`` is the lowest price per unit that buyers really paid in the week before it, as those know who keep the
    orders: until they have told, nothing is crossed out. A price that is no longer current is left alone.
    """
    current = await queries.lock_current(session, sku)
    if current is None or current.valid_from != start:
        return
    current.was_price_fen = was_price(current.price_fen, await queries.lowest_before(session, sku, start), dealt_fen)
    await session.flush()


async def quote(
    session: AsyncSession,
    wanted: Sequence[Wanted],
    division_code: str,
    *,
    coupon: str | None = None,
    buyer_id: UUID | None = None,
    now: datetime | None = None,
) -> Quote:
    """What these goods cost, sent to this division (six digits, GB/T 2260), as promotions run. One statement.

    ``now`` decides which promotions run; without it the database's own clock does.
    Raises ``NotOnSale`` for SKUs without a price, ``NotDeliverable`` for suppliers that do not send there, and
    ``UnknownCoupon``, ``CouponUsedUp``, ``CouponNotApplicable`` for a coupon that does not hold.
    """
    found = await queries.tariff(session, wanted, division_code, coupon=coupon, buyer_id=buyer_id, now=now)
    return assemble(
        wanted,
        found.prices,
        found.freight,
        promotions=found.promotions,
        was=found.was,
        division_code=division_code,
        coupon=coupon,
    )


async def quote_many(
    session: AsyncSession, baskets: Sequence[tuple[Sequence[Wanted], str]]
) -> list[Quote | NotOnSale | NotDeliverable]:
    """What many baskets cost now, each with its own division; a refusal stands in the place of a quote.

    Two statements, however many baskets there are. Promotions are for single orders: none is taken here.
    """
    skus = {line.sku for wanted, _ in baskets for line in wanted}
    suppliers = {line.supplier_id for wanted, _ in baskets for line in wanted}
    prices = {sku: found.price_fen for sku, found in (await queries.current_prices(session, list(skus))).items()}
    everywhere = await queries.freight_everywhere(session, suppliers)
    quotes: list[Quote | NotOnSale | NotDeliverable] = []
    for wanted, division_code in baskets:
        freight = {line.supplier_id: nearest(everywhere[line.supplier_id], division_code) for line in wanted}
        try:
            quotes.append(assemble(wanted, prices, freight))
        except (NotOnSale, NotDeliverable) as refusal:
            quotes.append(refusal)
    return quotes

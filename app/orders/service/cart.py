"""Carts: what a buyer means to order. They promise nothing and reserve nothing; ordering looks at everything again.

A guest's cart is whose who knows its id, and that cannot be guessed. A signed-in buyer has one cart, which is nobody
else's. When a guest signs in, the cart is claimed: its lines go over into the buyer's own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import offers
from app.core.errors import NotFound
from app.core.ids import new_id
from app.identity import Actor, Role
from app.inventory import availability, open_presales
from app.orders.models import Cart, CartItem
from app.orders.rules import MOST_LINES, CartEmpty, CartFull, CartView, UnknownSku, cart_line
from app.orders.service.place import quote
from app.pricing import NotOnSale, current_prices

_OWN = text("""
INSERT INTO orders_cart AS c (id, buyer_id, created_at, expires_at) VALUES (:id, :buyer_id, :now, :until)
ON CONFLICT (buyer_id) WHERE buyer_id IS NOT NULL DO UPDATE SET expires_at = excluded.expires_at
RETURNING id
""")
_FORGET_OWN = text("DELETE FROM orders_cart WHERE buyer_id = :buyer_id AND expires_at <= :now")
_PUT_IN = text("""
INSERT INTO orders_cart_item (cart_id, sku, quantity, price_fen, added_at)
VALUES (:cart_id, :sku, :quantity, :price_fen, :now)
ON CONFLICT (cart_id, sku) DO UPDATE SET quantity = excluded.quantity, price_fen = excluded.price_fen
""")
_TAKE_OUT = text("DELETE FROM orders_cart_item WHERE cart_id = :cart_id AND sku = :sku")
_TAKE_ALL = text("""
WITH taken AS (DELETE FROM orders_cart_item WHERE cart_id = :cart_id RETURNING sku, quantity, added_at)
SELECT sku, quantity FROM taken ORDER BY added_at, sku
""")
_POUR = text("""
WITH poured AS (DELETE FROM orders_cart_item WHERE cart_id = :guest_id RETURNING sku, quantity, price_fen, added_at)
INSERT INTO orders_cart_item AS own (cart_id, sku, quantity, price_fen, added_at)
SELECT :own_id, sku, quantity, price_fen, added_at FROM poured
ON CONFLICT (cart_id, sku) DO UPDATE SET quantity = greatest(own.quantity, excluded.quantity)
""")
_EXPIRE = text("""
WITH old AS (SELECT id FROM orders_cart WHERE expires_at <= :now ORDER BY expires_at LIMIT :most
             FOR UPDATE SKIP LOCKED), gone AS (DELETE FROM orders_cart c USING old WHERE c.id = old.id RETURNING 1)
SELECT count(*) FROM gone
""")


async def open_cart(session: AsyncSession, *, by: Actor | None, now: datetime, keep_days: int) -> UUID:
    """A new cart for a guest (``by`` is None), or the one cart of a buyer; either is kept for ``keep_days`` more."""
    until = now + timedelta(days=keep_days)
    if (owner := _buyer(by)) is not None:
        await session.execute(_FORGET_OWN, {"buyer_id": owner, "now": now})
        values = {"id": new_id(now), "buyer_id": owner, "now": now, "until": until}
        return UUID(str((await session.execute(_OWN, values)).scalar_one()))
    cart = Cart(id=new_id(now), created_at=now, expires_at=until)
    session.add(cart)
    await session.flush()
    return cart.id


async def put_item(
    session: AsyncSession, cart_id: UUID, sku: str, quantity: int, *, by: Actor | None, now: datetime, keep_days: int
) -> None:
    """Let the cart hold so many of ``sku`` at the price of now; 0 takes the line out, also of goods long withdrawn.

    More than there is may be put in: the cart shows it, and ordering refuses it.
    Raises ``NotFound``, ``UnknownSku``, ``NotOnSale``, ``CartFull``.
    """
    cart = await _find(session, cart_id, by=by, now=now, lock=True)
    cart.expires_at = now + timedelta(days=keep_days)
    if quantity == 0:
        await session.execute(_TAKE_OUT, {"cart_id": cart.id, "sku": sku})
    else:
        offer = (await offers(session, [sku], now=now)).get(sku)
        if offer is None:
            raise UnknownSku(skus=sku)
        price = (await current_prices(session, [sku])).get(sku)
        if not offer.on_sale or price is None:
            raise NotOnSale(skus=sku)
        values = {"cart_id": cart.id, "sku": sku, "quantity": quantity, "price_fen": price.price_fen, "now": now}
        await session.execute(_PUT_IN, values)
        await _refuse_too_many(session, cart.id)
    await session.flush()


async def show_cart(
    session: AsyncSession, cart_id: UUID, *, by: Actor | None, division_code: str | None, now: datetime
) -> CartView:
    """The cart as it stands now, each line with what has changed since it was put in.

    With a ``division_code`` parcels and totals of those lines that could be ordered as they are.
    Raises ``NotFound``, ``NotDeliverable``, ``UnknownDivision``.
    """
    cart = await _find(session, cart_id, by=by, now=now)
    wanted_items = select(CartItem).where(CartItem.cart_id == cart_id).order_by(CartItem.added_at, CartItem.sku)
    items = list((await session.execute(wanted_items)).scalars())
    skus = [item.sku for item in items]
    found = await offers(session, skus, now=now) if skus else {}
    prices = await current_prices(session, skus) if skus else {}
    stock = await availability(session, skus) if skus else {}
    ahead = await open_presales(session, skus, now=now) if skus else {}
    lines = []
    for item in items:
        price, there = prices.get(item.sku), stock.get(item.sku)
        lines.append(
            cart_line(
                found[item.sku],
                quantity=item.quantity,
                put_in_at_fen=item.price_fen,
                price_fen=price.price_fen if price else None,
                available=(there.available if there else 0) + (ahead[item.sku].left if item.sku in ahead else 0),
            )
        )
    wanted = {line.sku: line.quantity for line in lines if line.orderable}
    quoted = await quote(session, wanted, division_code, now=now) if division_code and wanted else None
    return CartView(cart_id, cart.expires_at, tuple(lines), quoted.priced if quoted else None)


async def claim(session: AsyncSession, cart_id: UUID, *, by: Actor, now: datetime, keep_days: int) -> UUID:
    """Bring a guest's cart home at sign-in: its lines go into the buyer's own cart, whose id is returned.

    Of goods that lie in both the larger number is kept, not the sum: who looked at the same oranges on the phone and
    on the desk wants them once. Claiming again changes nothing. Raises ``NotFound``, ``CartFull``.
    """
    own_id = await open_cart(session, by=by, now=now, keep_days=keep_days)
    if cart_id == own_id:
        return own_id
    of_guest = select(Cart).where(Cart.id == cart_id, Cart.buyer_id.is_(None), Cart.expires_at > now)
    guest = (await session.execute(of_guest.with_for_update())).scalar_one_or_none()
    if guest is None or guest.merged_into not in (None, own_id):
        raise NotFound
    if guest.merged_into == own_id:
        return own_id
    await session.execute(_POUR, {"guest_id": guest.id, "own_id": own_id})
    await _refuse_too_many(session, own_id)
    guest.merged_into = own_id
    await session.flush()
    return own_id


async def empty_cart(session: AsyncSession, cart_id: UUID, *, by: Actor, now: datetime) -> dict[str, int]:
    """Take everything out of a cart, to be ordered in this transaction: quantity by SKU, in the cart's order.

    Whoever comes second finds it empty. Raises ``NotFound``, ``CartEmpty``.
    """
    cart = await _find(session, cart_id, by=by, now=now, lock=True)
    taken = await session.execute(_TAKE_ALL, {"cart_id": cart.id})
    wanted = {row.sku: row.quantity for row in taken}
    if not wanted:
        raise CartEmpty
    return wanted


async def expire_carts(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Forget carts that nobody touched for so long. Returns how many."""
    return int((await session.execute(_EXPIRE, {"now": now, "most": limit})).scalar_one())


def _buyer(by: Actor | None) -> UUID | None:
    """Who owns what ``by`` puts into a cart; staff of suppliers and others look around like guests."""
    return by.account_id if by is not None and Role.BUYER in by.roles else None


async def _refuse_too_many(session: AsyncSession, cart_id: UUID) -> None:
    held = await session.execute(select(func.count()).where(CartItem.cart_id == cart_id))
    if held.scalar_one() > MOST_LINES:
        raise CartFull(most=MOST_LINES)


async def _find(session: AsyncSession, cart_id: UUID, *, by: Actor | None, now: datetime, lock: bool = False) -> Cart:
    """The cart, if it is the caller's or a guest's and still kept. Raises ``NotFound``."""
    wanted = select(Cart).where(
        Cart.id == cart_id,
        Cart.expires_at > now,
        Cart.merged_into.is_(None),
        or_(Cart.buyer_id.is_(None), Cart.buyer_id == _buyer(by)),
    )
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = (await session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found

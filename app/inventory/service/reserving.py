"""Promise goods and give them back: each in one statement where nobody waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask, dump
from app.core.errors import Fault
from app.inventory import queries
from app.inventory.rules import Kind, Movement, NotReserved, OutOfStock
from app.inventory.rules.presale import Taken
from app.inventory.service.presale import announce, fill, forget, shorten
from app.inventory.service.writing import announce_stock as _announce
from app.inventory.service.writing import freeze
from app.inventory.service.writing import serve as _serve
from app.inventory.service.writing import write as _write

# READ COMMITTED: a row that `locked` had to wait for is handed out as the other transaction left it, so `judged`
# decides on the present. The UPDATE writes what `locked` says and neither asks nor counts on its own row again: its
# conditions and the CHECK are first tried on the version in the statement's snapshot, and what was given back or
# brought in while we waited would be refused.
#
# What stock cannot give comes from the harvest that is sold ahead, if the caller may take from it. A presale row is
# changed under the lock of its stock row alone; it is locked here too, to be read as the other transaction left it.
_RESERVE = text("""
WITH wanted AS (
    SELECT sku, quantity FROM unnest(CAST(:skus AS text[]), CAST(:quantities AS bigint[])) AS w(sku, quantity)
), locked AS (
    SELECT sku, on_hand, reserved, waiting FROM inventory_stock
    WHERE sku = ANY(CAST(:skus AS text[])) ORDER BY sku FOR UPDATE
), harvest AS (
    SELECT p.id, p.sku, p.promised, p.ship_by, greatest(p.cap - p.arrived - p.promised, 0) AS pieces
    FROM inventory_presale p
    WHERE :ahead AND p.sku IN (SELECT sku FROM locked) AND p.settled_at IS NULL
      AND p.opens_at <= :now AND p.closes_at > :now
    FOR UPDATE
), judged AS (
    SELECT w.sku, w.quantity, l.on_hand, l.reserved, l.waiting, coalesce(l.on_hand - l.reserved, 0) AS available,
           least(w.quantity, l.on_hand - l.reserved) AS at_once,
           h.id AS presale_id, h.promised, h.ship_by, coalesce(h.pieces, 0) AS ahead,
           bool_and(coalesce(l.on_hand - l.reserved + coalesce(h.pieces, 0) >= w.quantity, false)) OVER () AS enough
    FROM wanted w LEFT JOIN locked l USING (sku) LEFT JOIN harvest h USING (sku)
), taken AS (
    UPDATE inventory_stock s
    SET on_hand = j.on_hand, reserved = j.reserved + j.at_once, waiting = j.waiting + j.quantity - j.at_once
    FROM judged j WHERE j.enough AND s.sku = j.sku
    RETURNING s.sku, j.at_once AS quantity
), held AS (
    INSERT INTO inventory_reservation AS r (reference, sku, quantity)
    SELECT :reference, sku, quantity FROM taken WHERE quantity > 0
    ON CONFLICT (reference, sku) DO UPDATE SET quantity = r.quantity + EXCLUDED.quantity
), moved AS (
    INSERT INTO inventory_movement
        (sku, kind, on_hand_delta, reserved_delta, reference, by_account, effective_at, recorded_at)
    SELECT sku, 'reserved', 0, quantity, :reference, :by, :now, :now FROM taken WHERE quantity > 0 ORDER BY sku
), promised AS (
    UPDATE inventory_presale p SET promised = j.promised + j.quantity - j.at_once
    FROM judged j WHERE j.enough AND j.quantity > j.at_once AND p.id = j.presale_id
    RETURNING p.id, p.sku, j.quantity - j.at_once AS quantity
), queued AS (
    INSERT INTO inventory_promise AS w (reference, sku, presale_id, quantity, promised_at)
    SELECT :reference, sku, id, quantity, :now FROM promised ORDER BY sku
    ON CONFLICT (reference, sku) DO UPDATE SET quantity = w.quantity + EXCLUDED.quantity
)
SELECT sku, quantity, available, ahead, ship_by FROM judged
""")

# Of what is there the first references get theirs at once, the others wait for the harvest, in the order they stand in.
_RESERVE_MANY = text("""
WITH wanted AS (
    SELECT reference, sku, quantity, position
    FROM ROWS FROM (json_to_recordset(CAST(:wanted AS json)) AS (reference uuid, sku text, quantity bigint))
         WITH ORDINALITY AS w(reference, sku, quantity, position)
), total AS (
    SELECT sku, CAST(sum(quantity) AS bigint) AS quantity FROM wanted GROUP BY sku
), locked AS (
    SELECT sku, on_hand, reserved, waiting FROM inventory_stock
    WHERE sku IN (SELECT sku FROM total) ORDER BY sku FOR UPDATE
), harvest AS (
    SELECT p.id, p.sku, p.promised, p.ship_by, greatest(p.cap - p.arrived - p.promised, 0) AS pieces
    FROM inventory_presale p
    WHERE p.sku IN (SELECT sku FROM locked) AND p.settled_at IS NULL AND p.opens_at <= :now AND p.closes_at > :now
    FOR UPDATE
), judged AS (
    SELECT t.sku, t.quantity, l.on_hand, l.reserved, l.waiting, coalesce(l.on_hand - l.reserved, 0) AS available,
           least(t.quantity, l.on_hand - l.reserved) AS at_once,
           h.id AS presale_id, h.promised, h.ship_by, coalesce(h.pieces, 0) AS ahead,
           bool_and(coalesce(l.on_hand - l.reserved + coalesce(h.pieces, 0) >= t.quantity, false)) OVER () AS enough
    FROM total t LEFT JOIN locked l USING (sku) LEFT JOIN harvest h USING (sku)
), share AS (
    SELECT w.reference, w.sku, w.quantity, w.position,
           greatest(least(w.quantity, CAST(j.at_once + w.quantity - sum(w.quantity) OVER earlier AS bigint)), 0)
           AS at_once
    FROM wanted w JOIN judged j ON j.sku = w.sku AND j.enough
    WINDOW earlier AS (PARTITION BY w.sku ORDER BY w.position)
), taken AS (
    UPDATE inventory_stock s
    SET on_hand = j.on_hand, reserved = j.reserved + j.at_once, waiting = j.waiting + j.quantity - j.at_once
    FROM judged j WHERE j.enough AND s.sku = j.sku
    RETURNING s.sku
), held AS (
    INSERT INTO inventory_reservation (reference, sku, quantity)
    SELECT w.reference, w.sku, w.at_once FROM share w JOIN taken USING (sku) WHERE w.at_once > 0
), moved AS (
    INSERT INTO inventory_movement
        (sku, kind, on_hand_delta, reserved_delta, reference, by_account, effective_at, recorded_at)
    SELECT w.sku, 'reserved', 0, w.at_once, w.reference, :by, :now, :now
    FROM share w JOIN taken USING (sku) WHERE w.at_once > 0 ORDER BY w.sku
), promised AS (
    UPDATE inventory_presale p SET promised = j.promised + j.quantity - j.at_once
    FROM judged j WHERE j.enough AND j.quantity > j.at_once AND p.id = j.presale_id
    RETURNING p.id, p.sku
), queued AS (
    INSERT INTO inventory_promise (reference, sku, presale_id, quantity, promised_at)
    SELECT w.reference, w.sku, p.id, w.quantity - w.at_once, :now
    FROM share w JOIN promised p USING (sku) WHERE w.quantity > w.at_once ORDER BY w.sku, w.position
)
SELECT sku, quantity, available, ahead, ship_by FROM judged ORDER BY sku
""")

# Reservation rows are removed only under the lock of their stock row; a second release finds them gone. `waited` tells
# that a reference waited for goods, which may have come while we waited for the lock: then this is done once more.
_RELEASE = text("""
WITH waits AS (
    SELECT DISTINCT sku FROM inventory_promise WHERE reference = ANY(CAST(:references AS uuid[]))
), locked AS (
    SELECT sku, on_hand, reserved, waiting FROM inventory_stock
    WHERE sku IN (SELECT sku FROM inventory_reservation WHERE reference = ANY(CAST(:references AS uuid[]))
                  UNION SELECT sku FROM waits)
    ORDER BY sku FOR UPDATE
), removed AS (
    DELETE FROM inventory_reservation r USING locked l
    WHERE r.sku = l.sku AND r.reference = ANY(CAST(:references AS uuid[]))
    RETURNING r.reference, r.sku, r.quantity
), total AS (
    SELECT sku, CAST(sum(quantity) AS bigint) AS quantity FROM removed GROUP BY sku
), returned AS (
    UPDATE inventory_stock s SET on_hand = l.on_hand, reserved = l.reserved - t.quantity
    FROM locked l JOIN total t USING (sku) WHERE s.sku = l.sku
), moved AS (
    INSERT INTO inventory_movement
        (sku, kind, on_hand_delta, reserved_delta, reference, by_account, effective_at, recorded_at)
    SELECT sku, 'released', 0, -quantity, reference, :by, :now, :now FROM removed ORDER BY sku
)
SELECT l.sku, coalesce(t.quantity, 0), l.on_hand - l.reserved, l.waiting, w.sku IS NOT NULL,
       EXISTS (SELECT FROM inventory_lot f WHERE f.sku = l.sku AND f.recalled_at IS NOT NULL AND f.on_hand > 0)
FROM locked l LEFT JOIN total t USING (sku) LEFT JOIN waits w USING (sku) ORDER BY l.sku
""")


async def reserve(
    session: AsyncSession,
    reference: UUID,
    wanted: Mapping[str, int],
    *,
    by: UUID | None,
    now: datetime,
    ahead: bool = False,
) -> dict[str, Taken]:
    """Promise ``wanted`` (SKU → sales units) to ``reference``: all of it or nothing. One statement.

    With ``ahead`` what stock cannot give is taken from an open pre-sale. While somebody waits for a harvest no stock
    is free, so nobody is overtaken. Raises ``OutOfStock`` with one fault per short or unknown SKU, whose pointer
    ``/items/{i}`` counts in the order of ``wanted``; the caller lets its transaction roll back.
    """
    if any(quantity < 1 for quantity in wanted.values()):
        raise ValueError("a reservation takes at least one piece of each SKU")
    parameters = {
        "skus": array(wanted),
        "quantities": array(wanted.values()),
        "reference": reference,
        "by": by,
        "now": now,
        "ahead": ahead,
    }
    found = {row[0]: row[2:] for row in await ask(session, _RESERVE, parameters)}
    short = [
        (index, sku, found[sku][0] + found[sku][1])
        for index, (sku, quantity) in enumerate(wanted.items())
        if found[sku][0] + found[sku][1] < quantity
    ]
    if short:
        raise OutOfStock(
            skus="、".join(sku for _, sku, _ in short),
            faults=[
                Fault(f"/items/{index}", "out_of_stock", f"{sku} 仅剩 {left} 件", f"Only {left} of {sku} left")
                for index, sku, left in short
            ],
        )
    taken = {}
    for sku, quantity in wanted.items():
        available, harvest, ship_by = found[sku]
        promised = max(quantity - available, 0)
        taken[sku] = Taken(max(available - quantity, 0), promised, ship_by if promised else None)
        if promised and promised == harvest:
            announce(session, [sku], now)
    for sku in sorted(wanted):
        _announce(session, sku, found[sku][0], taken[sku].left, now)
    return taken


async def reserve_many(
    session: AsyncSession, wanted: Mapping[UUID, Mapping[str, int]], *, by: UUID | None, now: datetime
) -> dict[tuple[UUID, str], Taken]:
    """Promise goods (SKU → sales units) to many new references at once: everything or nothing. One statement.

    What stock cannot give is taken from an open pre-sale, by those who stand last. ``left`` is for others after all of
    them. Raises ``OutOfStock`` with one fault per SKU of which there is not enough for all of them together, at
    ``/file``.
    """
    rows = [
        {"reference": str(reference), "sku": sku, "quantity": quantity}
        for reference, goods in wanted.items()
        for sku, quantity in goods.items()
    ]
    judged = await ask(session, _RESERVE_MANY, {"wanted": dump(rows), "by": by, "now": now})
    short = [(sku, needed, there + ahead) for sku, needed, there, ahead, _ in judged if there + ahead < needed]
    if short:
        raise OutOfStock(
            skus="、".join(sku for sku, _, _ in short),
            faults=[
                Fault("/file", "out_of_stock", f"{sku} 共需 {needed} 件，仅剩 {left} 件", f"{sku}: {left} of {needed}")
                for sku, needed, left in short
            ],
        )
    for sku, needed, there, ahead, _ in judged:
        if ahead and needed - there == ahead:
            announce(session, [sku], now)
        _announce(session, sku, there, max(there - needed, 0), now)
    there_for = {sku: there for sku, _, there, _, _ in judged}
    after = {sku: (max(there - needed, 0), ship_by) for sku, needed, there, _, ship_by in judged}
    taken = {}
    for reference, goods in wanted.items():
        for sku, quantity in goods.items():
            promised = max(quantity - there_for[sku], 0)
            there_for[sku] -= quantity - promised
            left, ship_by = after[sku]
            taken[reference, sku] = Taken(left, promised, ship_by if promised else None)
    return taken


async def release(session: AsyncSession, references: Sequence[UUID], *, now: datetime, by: UUID | None = None) -> None:
    """Give back whatever these references still hold or wait for; doing it again changes nothing.

    What becomes free goes to those who wait. One statement where nobody does.
    """
    if not references:
        return
    parameters = {"references": list(references), "by": by, "now": now}
    freed: dict[str, int] = {}
    before: dict[str, int] = {}
    recalled: set[str] = set()
    waiting = False
    for again in (False, True):
        rows = (await session.execute(_RELEASE, parameters)).all()
        for sku, quantity, available, _, _, has_recalled in rows:
            freed[sku] = freed.get(sku, 0) + quantity
            before.setdefault(sku, available)
            if has_recalled:
                recalled.add(sku)
        waiting = waiting or any(row[3] for row in rows)
        if again or not any(row[4] for row in rows):
            break
        await forget(session, references, now=now)
    frozen = await freeze(session, recalled, now=now) if recalled else {}
    taken = await fill(session, freed, now=now) if waiting else {}
    for sku, quantity in sorted(freed.items()):
        left = before[sku] + quantity - frozen.get(sku, 0) - taken.get(sku, 0)
        _announce(session, sku, before[sku], left, now)


async def release_pieces(
    session: AsyncSession, reference: UUID, pieces: Mapping[str, int], *, now: datetime, by: UUID | None = None
) -> None:
    """Give back part of what ``reference`` holds, first of what it still waits for: sales units by SKU.

    Raises ``NotReserved`` for more than that.
    """
    stocks, holds = await queries.lock_held(session, pieces, reference)
    waits = await queries.waiting_for(session, [reference])
    unfilled = {sku: min(quantity, waits.get((reference, sku), 0)) for sku, quantity in pieces.items()}
    withdrawn = {sku: quantity - unfilled[sku] for sku, quantity in pieces.items() if quantity > unfilled[sku]}
    before = {sku: stock.available for sku, stock in stocks.items()}
    movements = []
    for sku, quantity in withdrawn.items():
        if quantity > holds.get(sku, 0):
            raise NotReserved
        stocks[sku].reserved -= quantity
        movements.append(Movement(sku, None, Kind.RELEASED, 0, -quantity, now))
    if any(unfilled.values()):
        await shorten(session, reference, {sku: quantity for sku, quantity in unfilled.items() if quantity}, now=now)
    if withdrawn:
        held = [stocks[sku] for sku in withdrawn]
        await _write(
            session, held, movements, now=now, by=by, reference=reference, holder=reference, withdrawn=withdrawn
        )
    await _serve(session, stocks, before, now=now)

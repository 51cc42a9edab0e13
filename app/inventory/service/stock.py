"""The verbs of the stock-room. Every change locks stock rows in SKU order and writes its movements beside itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, files
from app.core.clock import local_day
from app.core.db import array, ask, dump
from app.core.errors import Fault, NotFound
from app.core.ids import new_id
from app.identity import Actor
from app.inventory import queries
from app.inventory.rules import (
    Kind,
    Lot,
    LotCalledBack,
    LotExpired,
    LotShort,
    LotState,
    LotTooOld,
    Movement,
    NotReserved,
    OutOfStock,
    Picked,
    new_trace_code,
    passed_over,
    pick,
    picked_from,
    spoil,
)
from app.inventory.rules.dates import check_dates
from app.inventory.rules.presale import Taken
from app.inventory.rules.shelf import ANY, Shelf, Unfit
from app.inventory.rules.updates import Update, UpdateResult, UpdatesRejected, faults_of, plan_updates
from app.inventory.service.opening import open_new
from app.inventory.service.presale import announce, fill, forget, shorten
from app.inventory.service.writing import RECALLED, freeze
from app.inventory.service.writing import announce_stock as _announce
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

_RECEIVE = text("""
WITH stock AS (
    UPDATE inventory_stock SET on_hand = on_hand + :quantity WHERE sku = :sku
    RETURNING sku, on_hand - reserved AS available, waiting
), arrived AS (
    UPDATE inventory_presale p SET arrived = p.arrived + :quantity FROM stock s
    WHERE p.sku = s.sku AND p.settled_at IS NULL
), lot AS (
    INSERT INTO inventory_lot
        (id, sku, code, harvested_on, produced_on, best_before, village, on_hand, trace_code, received_at,
         certificate_file_id)
    SELECT :id, sku, :code, CAST(:harvested_on AS date), CAST(:produced_on AS date), CAST(:best_before AS date),
           CAST(:village AS text), :quantity, :trace_code, CAST(:now AS timestamptz), CAST(:certificate AS uuid)
    FROM stock
), moved AS (
    INSERT INTO inventory_movement
        (sku, lot_id, kind, on_hand_delta, reserved_delta, by_account, effective_at, recorded_at)
    SELECT sku, :id, 'received', :quantity, 0, CAST(:by AS uuid), CAST(:now AS timestamptz),
           CAST(:now AS timestamptz)
    FROM stock WHERE :quantity > 0
)
SELECT available, waiting,
       EXISTS (SELECT FROM inventory_lot f WHERE f.sku = :sku AND f.recalled_at IS NOT NULL AND f.on_hand > 0)
FROM stock
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


async def ship(
    session: AsyncSession,
    reference: UUID,
    lines: Sequence[tuple[str, int, str | None]],
    *,
    shipment_id: UUID,
    now: datetime,
    by: UUID | None = None,
    shelves: Mapping[str, Shelf] | None = None,
) -> list[Picked]:
    """Hand out what ``reference`` holds: ``lines`` are (SKU, sales units, lot code or None to let us choose).

    Without a lot code the lot that expires first goes first, of those with enough life left for the buyer
    (``shelves``, by SKU), then stock of no lot. Returns what was taken from where, line by line, and why. Raises
    ``NotReserved`` when the lines exceed what is held, ``LotShort`` when a lot cannot give so much, ``LotExpired``,
    ``LotCalledBack``, ``LotTooOld`` where a ``strict`` buyer was promised more life; faults point at ``/lines/{i}``.
    """
    if any(quantity < 1 for _, quantity, _ in lines):
        raise ValueError("a shipment line has at least one piece")
    stocks, holds = await queries.lock_held(session, [sku for sku, _, _ in lines], reference)
    today = local_day(now)
    shipped: dict[str, int] = {}
    picked: list[Picked] = []
    movements: list[Movement] = []
    # Named lots are served before we choose any ourselves, or our choice could empty them; answers keep their order.
    named_first = sorted(range(len(lines)), key=lambda i: lines[i][2] is None)
    by_line: dict[int, list[Picked]] = {}
    for index in named_first:
        sku, quantity, lot_code = lines[index]
        shipped[sku] = shipped.get(sku, 0) + quantity
        if shipped[sku] > holds.get(sku, 0):
            raise NotReserved(
                faults=[
                    Fault(
                        f"/lines/{index}/quantity",
                        "not_reserved",
                        f"{sku} 还可发 {holds.get(sku, 0)} 件",
                        f"{holds.get(sku, 0)} of {sku} may still be shipped",
                    )
                ]
            )
        shelf = (shelves or {}).get(sku, ANY)
        passed = passed_over(stocks[sku], today, shelf) if lot_code is None else ()
        try:
            picks = pick(stocks[sku], quantity, lot_code, today, shelf)
        except LotShort:
            raise LotShort(faults=[_short(index, sku, passed, strict=shelf.strict)]) from None
        except LotTooOld as refusal:
            fault = Fault(f"/lines/{index}/lot_code", LotTooOld.code, LotTooOld.zh, LotTooOld.en)
            raise LotTooOld(faults=[fault]) from refusal
        stocks[sku].reserved -= quantity
        by_line[index] = [picked_from(lot, sku, taken, lot_code, shelf, passed) for lot, taken in picks]
        movements += [Movement(sku, lot.id if lot else None, Kind.SHIPPED, -taken, -taken, now) for lot, taken in picks]
    for index in range(len(lines)):
        picked += by_line[index]
    await _write(
        session, stocks.values(), movements, now=now, by=by, reference=shipment_id, holder=reference, withdrawn=shipped
    )
    return picked


def _short(index: int, sku: str, passed: Sequence[tuple[str, Unfit]], *, strict: bool) -> Fault:
    young = [code for code, unfit in passed if unfit is Unfit.TOO_LITTLE_LIFE]
    zh, en = f"{sku} 批次不足", f"Lot of {sku} short"
    if strict:
        listed = "、".join(young)
        zh, en = f"{zh}；只能发剩余保质期符合合同的批次", f"{en}; only lots with the life that was promised are sent"
        zh, en = (f"{zh}，{listed} 不符合", f"{en}, which {listed} has not") if young else (zh, en)
    elif young:
        listed = "、".join(young)
        zh, en = (
            f"{zh}；{listed} 剩余保质期较短，买家同意后可指定该批次发货",
            f"{en}; {listed} has little life left, name it if the buyer agrees",
        )
    return Fault(f"/lines/{index}/lot_code", "lot_short", zh, en)


async def take_back(
    session: AsyncSession,
    reference: UUID,
    lines: Sequence[tuple[str, int, str | None]],
    *,
    by: UUID | None,
    now: datetime,
) -> None:
    """Book goods that came back, and can be sold again, into stock: ``lines`` are (SKU, sales units, lot code).

    They lie in their lot again, or in none where it is not known. Raises ``LotExpired`` or ``LotCalledBack`` for what
    may not be sold again.
    """
    stocks = await queries.lock(session, [sku for sku, _, _ in lines])
    before = {sku: stock.available for sku, stock in stocks.items()}
    movements = []
    for sku, quantity, lot_code in lines:
        stock = stocks[sku]
        lot = None if lot_code is None else stock.lot(lot_code)
        if lot is not None:
            if lot.recalled:
                raise LotCalledBack
            if lot.best_before < local_day(now):
                raise LotExpired
            lot.on_hand += quantity
        stock.on_hand += quantity
        movements.append(Movement(sku, lot.id if lot else None, Kind.RETURNED, quantity, 0, now))
    await _write(session, stocks.values(), movements, now=now, by=by, reference=reference)
    await _serve(session, stocks, before, now=now)


async def receive(
    session: AsyncSession,
    *,
    sku: str,
    code: str,
    harvested_on: date | None,
    produced_on: date | None,
    best_before: date,
    village: str | None,
    quantity: int,
    by: Actor,
    now: datetime,
    certificate_file_id: UUID | None = None,
) -> Lot:
    """Book a lot of ``quantity`` sales units into stock and give it its trace code.

    Raises ``NotFound`` when there is no such SKU or it is another supplier's, ``LotExists`` when it has such a lot,
    ``InvalidInput`` when its days cannot be (``check_dates``) or it would keep longer than its SKU does,
    ``SeasonNotProven`` when spring tea was not picked in the days that its name promises, ``UnknownFile`` for a
    certificate that is not theirs.
    """
    made_on = check_dates(harvested_on, produced_on, best_before, today=local_day(now))
    owner = await queries.owner_of(session, sku)
    if owner is None and await open_new(session, [sku]):
        owner = await queries.owner_of(session, sku)
    if owner is None or by.supplier_id not in (None, owner):
        raise NotFound
    await catalogue.check_lot(session, sku, harvested_on, made_on, best_before)
    lot = Lot(
        id=new_id(now),
        sku=sku,
        code=code,
        harvested_on=harvested_on,
        produced_on=produced_on,
        best_before=best_before,
        village=village,
        on_hand=quantity,
        trace_code=new_trace_code(),
        received_at=now,
        certificate_file_id=certificate_file_id,
    )
    if certificate_file_id is not None:
        kind, wanted = files.Purpose.CERTIFICATE, [certificate_file_id]
        await files.attach(session, wanted, owner=by, purpose=kind, to=lot.id, now=now, pointer="/certificate_file_id")
    parameters = {
        "id": lot.id,
        "sku": sku,
        "code": code,
        "harvested_on": harvested_on,
        "produced_on": produced_on,
        "best_before": best_before,
        "village": village,
        "quantity": quantity,
        "trace_code": lot.trace_code,
        "certificate": certificate_file_id,
        "by": by.account_id,
        "now": now,
    }
    ((available, waiting, recalled),) = await ask(session, _RECEIVE, parameters)
    frozen = await freeze(session, [sku], now=now) if recalled else {}
    taken = await fill(session, [sku], now=now) if waiting and quantity else {}
    left = available - frozen.get(sku, 0) - taken.get(sku, 0)
    _announce(session, sku, available - quantity, left, now)
    return lot


async def apply_updates(
    session: AsyncSession,
    supplier_id: UUID,
    updates: Sequence[Update],
    *,
    by: Actor,
    now: datetime,
    partial: bool = False,
) -> list[UpdateResult]:
    """Apply a supplier's counts and adjustments in their order, all or nothing unless ``partial``.

    Raises ``UpdatesRejected`` with one fault per row that cannot be applied (pointer ``/updates/{i}``); another
    supplier's SKU is as good as unknown, and spring tea that is named after its harvest is added to by lots alone
    (domain handbook §1.2). Who is not of the supplier has been let in as its agent, and the movements keep that.
    A handful of statements for any number of rows.
    """
    skus = {row.sku for row in updates}
    stocks = await queries.lock(session, skus, owner=supplier_id)
    if len(stocks) < len(skus) and await open_new(session, skus - stocks.keys()):
        stocks = await queries.lock(session, skus, owner=supplier_id)
    before = {sku: stock.available for sku, stock in stocks.items()}
    named = await catalogue.lots_required(session, {row.sku for row in updates if row.lot_code is None})
    later = await queries.moved_later(session, updates)
    plan = plan_updates(updates, stocks, later, lots_required=named, now=now)
    if plan.rejected and not partial:
        raise UpdatesRejected(faults=faults_of(plan.rejected))
    movements = plan.movements
    if movements or plan.counted:
        on_behalf = by.supplier_id != supplier_id
        await _write(session, stocks.values(), movements, now=now, by=by.account_id, on_behalf=on_behalf)
    await _serve(session, stocks, before, now=now)
    return plan.results


async def write_off_expired(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Take what is past its date or recalled, and promised to nobody, off the book; returns how many SKUs."""
    today = local_day(now)
    stocks = await queries.lock(session, await queries.with_expired_lots(session, today, limit))
    movements: list[Movement] = []
    for sku, stock in sorted(stocks.items()):
        before = stock.available
        movements += [
            Movement(sku, lot.id if lot else None, Kind.ADJUSTED, -taken, 0, now, reason=_reason(lot))
            for lot, taken in spoil(stock, today)
        ]
        _announce(session, sku, before, stock.available, now)
    if movements:
        await _write(session, stocks.values(), movements, now=now, by=None)
    return len(stocks)


def _reason(lot: LotState | None) -> str:
    return RECALLED if lot is not None and lot.recalled else "超过保质期 / past its date"

"""Reads of the register of households: who they are, what ties them to suppliers, and the lists of what they got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.models import HouseholdRow
from app.assistance.rules.households import (
    ChangeKind,
    Entered,
    FigureKind,
    Household,
    Linkage,
    LinkageProposal,
    LinkKind,
    ListStatus,
    Payment,
    PaymentList,
    Version,
)
from app.core.db import dump
from app.core.errors import NotFound
from app.core.sealing import keys

NUMBER, BANK = "household", "household_bank"

REGISTERED = """
SELECT h.id, h.number_sealed, h.consented_on, h.bank_sealed, h.entered_at,
       coalesce(v.township_code, h.township_code) AS township_code, coalesce(v.village, h.village) AS village,
       coalesce(v.classes, h.classes) AS classes, coalesce(v.persons, h.persons) AS persons,
       coalesce(v.persons_linked, h.persons_linked) AS persons_linked,
       CASE WHEN v.id IS NULL THEN h.left_on ELSE v.left_on END AS left_on
FROM assistance_household h LEFT JOIN LATERAL (
    SELECT * FROM assistance_household_version o WHERE o.household_id = h.id AND o.valid_from <= {day}
    ORDER BY o.valid_from DESC, o.id DESC LIMIT 1) v ON true
"""
"""The register as it is on a day: the latest version that has begun, or what was registered."""

_HOUSEHOLD = f"""
SELECT h.id, h.number_sealed, h.township_code, t.name AS township, h.village, h.classes, h.persons, h.persons_linked,
       h.consented_on, h.bank_sealed, h.left_on, h.entered_at
FROM ({REGISTERED.format(day="'infinity'")}) h JOIN suppliers_township t ON t.code = h.township_code
"""
_ONE = text(_HOUSEHOLD + "WHERE h.id = :id")
_PAGE = text(
    _HOUSEHOLD
    + """
WHERE (CAST(:township AS text) IS NULL OR h.township_code = :township)
  AND (CAST(:supplier AS uuid) IS NULL OR EXISTS (
      SELECT FROM assistance_linkage k WHERE k.household_id = h.id AND k.supplier_id = :supplier))
  AND (CAST(:before AS uuid) IS NULL OR h.id < :before)
ORDER BY h.id DESC LIMIT :limit
"""
)
_BY_INDEX = text("""
SELECT number_index, id FROM assistance_household
WHERE number_index = ANY (SELECT decode(n, 'hex') FROM unnest(CAST(:indexes AS text[])) AS n)
""")
_VERSIONS = text("""
SELECT v.id, v.valid_from, v.change, v.township_code, t.name AS township, v.village, v.classes, v.persons,
       v.persons_linked, v.left_on, v.split_into, v.note, v.entered_by, v.entered_at
FROM assistance_household_version v JOIN suppliers_township t ON t.code = v.township_code
WHERE v.household_id = :household ORDER BY v.valid_from DESC, v.id DESC
""")
_LINKAGES = text("""
SELECT id, household_id, supplier_id, kind, contract_no, valid_from, valid_to, terms, yearly_fen
FROM assistance_linkage WHERE household_id = :household ORDER BY id
""")
_PAYMENTS = text("""
SELECT p.household_id, p.supplier_id, p.kind, p.category, p.paid_on, p.quantity_milli, p.unit_price_fen, p.amount_fen,
       p.reference_price_fen, p.lot_id, p.to_own_account, p.reverses, p.id, coalesce(d.verdict, 'waiting') AS status,
       p.list_id, l.note, p.voucher_no
FROM assistance_household_payment p JOIN assistance_payment_list l ON l.id = p.list_id
LEFT JOIN assistance_payment_list_decision d ON d.list_id = p.list_id
WHERE p.household_id = :household ORDER BY p.paid_on DESC, p.id DESC LIMIT 500
""")
_REVERSIBLE = text("""
SELECT p.id, p.household_id, p.supplier_id, p.kind, p.category, p.amount_fen, p.quantity_milli, p.unit_price_fen,
       p.reference_price_fen, p.lot_id, b.payment_id IS NOT NULL AS taken_back
FROM assistance_household_payment p
JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
LEFT JOIN assistance_payment_taken_back b ON b.payment_id = p.id
WHERE p.id = ANY (SELECT unnest(CAST(:ids AS uuid[]))) AND p.reverses IS NULL
""")
_LIST = """
SELECT l.id, l.source, l.rows, l.total_fen, l.note, l.entered_by, l.entered_at,
       coalesce(d.verdict, 'waiting') AS status, d.decided_by, d.decided_at, d.note AS decision_note, l.supplier_id
FROM assistance_payment_list l LEFT JOIN assistance_payment_list_decision d ON d.list_id = l.id
"""
_KNOWN = text("""
SELECT 'household', id, CAST(NULL AS uuid) FROM assistance_household
WHERE id = ANY (SELECT unnest(CAST(:households AS uuid[])))
UNION ALL
SELECT 'supplier', id, CAST(NULL AS uuid) FROM suppliers_supplier
WHERE id = ANY (SELECT unnest(CAST(:suppliers AS uuid[])))
UNION ALL
SELECT 'lot', l.id, s.supplier_id FROM inventory_lot l JOIN inventory_stock s USING (sku)
WHERE l.id = ANY (SELECT unnest(CAST(:lots AS uuid[])))
""")
_LOTS_CODED = text("""
SELECT s.supplier_id, l.code, l.id FROM inventory_lot l JOIN inventory_stock s USING (sku)
WHERE l.code = ANY (SELECT unnest(CAST(:codes AS text[])))
""")
_PROPOSED = text("""
SELECT l.id, l.household_id, l.supplier_id, l.kind, l.contract_no, l.valid_from, l.valid_to, l.terms, l.yearly_fen,
       l.proposed_at, coalesce(d.verdict, 'waiting') AS status, d.decided_at, d.note AS decision_note
FROM assistance_linkage_proposal l LEFT JOIN assistance_linkage_decision d ON d.proposal_id = l.id
WHERE (CAST(:id AS uuid) IS NULL OR l.id = :id)
  AND (CAST(:supplier AS uuid) IS NULL OR l.supplier_id = :supplier)
  AND (CAST(:status AS text) IS NULL OR coalesce(d.verdict, 'waiting') = :status)
  AND (CAST(:before AS uuid) IS NULL OR l.id < :before)
ORDER BY l.id DESC LIMIT :limit
""")
_SUPPLIERS_CALLED = text("""
SELECT w.word, s.id FROM unnest(CAST(:words AS text[])) AS w(word)
JOIN suppliers_supplier s ON w.word IN (s.code, s.name)
""")
_PAID_ALREADY = text("""
SELECT r.at, bool_or(p.voucher_no IS NOT DISTINCT FROM r.voucher_no AND r.voucher_no IS NOT NULL)
FROM json_to_recordset(CAST(:rows AS json)) AS r(at int, household_id uuid, supplier_id uuid, kind text, category text,
    month date, voucher_no text, amount_fen bigint)
JOIN assistance_household_payment p ON p.household_id = r.household_id AND p.supplier_id = r.supplier_id
    AND p.paid_on >= r.month AND p.paid_on < r.month + interval '1 month' AND p.reverses IS NULL
LEFT JOIN assistance_payment_list_decision d ON d.list_id = p.list_id
LEFT JOIN assistance_payment_taken_back b ON b.payment_id = p.id
WHERE d.verdict IS DISTINCT FROM 'declined' AND b.payment_id IS NULL
  AND (p.voucher_no = r.voucher_no
       OR (p.voucher_no IS NULL OR r.voucher_no IS NULL) AND p.kind = r.kind AND p.amount_fen = r.amount_fen
          AND p.category IS NOT DISTINCT FROM r.category)
GROUP BY r.at
""")
_ONE_LIST = text(_LIST + "WHERE l.id = :id")
_LISTS = text(
    _LIST
    + """
WHERE (CAST(:status AS text) IS NULL OR coalesce(d.verdict, 'waiting') = :status)
  AND (CAST(:supplier AS uuid) IS NULL OR l.supplier_id = :supplier)
  AND (CAST(:before AS uuid) IS NULL OR l.id < :before)
ORDER BY l.id DESC LIMIT :limit
"""
)
_HOLD_FIGURES = text("SELECT pg_advisory_xact_lock(hashtext('assistance.figures'), hashtext(CAST(:supplier AS text)))")
_OVERLAP = text("""
SELECT EXISTS (
    SELECT FROM assistance_supplier_figure WHERE supplier_id = :supplier AND kind = :kind
      AND category IS NOT DISTINCT FROM CAST(:category AS text) AND starts_on <= :last AND ends_on >= :first
      AND (starts_on, ends_on) <> (CAST(:first AS date), CAST(:last AS date)))
""")


def blind(number: str) -> bytes:
    """The index under which a household's number is found."""
    return keys().blind(number, NUMBER)


def _household(row: RowMapping, *, named: bool) -> Household:
    return Household(
        id=row["id"],
        number=keys().unseal(row["number_sealed"], NUMBER) if named else None,
        township_code=row["township_code"],
        township=row["township"],
        village=row["village"],
        classes=row["classes"],
        persons=row["persons"],
        persons_linked=row["persons_linked"],
        consented_on=row["consented_on"],
        bank_tail=keys().unseal(row["bank_sealed"], BANK) if named and row["bank_sealed"] is not None else None,
        left_on=row["left_on"],
        entered_at=row["entered_at"],
    )


async def household(session: AsyncSession, household_id: UUID, *, named: bool = False) -> Household:
    """One household; ``named`` with its number and bank tail, for reads that are logged. Raises ``NotFound``."""
    row = (await session.execute(_ONE, {"id": household_id})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _household(row, named=named)


async def lock_household(session: AsyncSession, household_id: UUID) -> HouseholdRow:
    """The household under lock. Raises ``NotFound``."""
    row = await session.get(HouseholdRow, household_id, with_for_update=True)
    if row is None:
        raise NotFound
    return row


async def households(
    session: AsyncSession, *, township: str | None, supplier: UUID | None, before: UUID | None, limit: int
) -> list[Household]:
    """Households without numbers, the latest first."""
    values = {"township": township, "supplier": supplier, "before": before, "limit": limit}
    return [_household(row, named=False) for row in (await session.execute(_PAGE, values)).mappings()]


async def versions(session: AsyncSession, household_id: UUID) -> list[Version]:
    """What became true of a household since it was registered, the latest first."""
    rows = (await session.execute(_VERSIONS, {"household": household_id})).mappings()
    return [Version(**{**row, "change": ChangeKind(row["change"])}) for row in rows]


async def households_numbered(session: AsyncSession, numbers: Sequence[str]) -> dict[str, UUID]:
    """The ids of households by their numbers, as far as they are registered."""
    by_index = {blind(number): number for number in numbers}
    rows = await session.execute(_BY_INDEX, {"indexes": [index.hex() for index in by_index]})
    return {by_index[bytes(index)]: household_id for index, household_id in rows}


async def linkages(session: AsyncSession, household_id: UUID) -> list[Linkage]:
    """How a household is linked."""
    rows = (await session.execute(_LINKAGES, {"household": household_id})).mappings()
    return [Linkage(**{**row, "kind": LinkKind(row["kind"])}) for row in rows]


async def payments(session: AsyncSession, household_id: UUID) -> list[Entered]:
    """What a household was paid, the latest first: at most 500 rows."""
    told = []
    for row in (await session.execute(_PAYMENTS, {"household": household_id})).mappings():
        values = {**row, "kind": LinkKind(row["kind"])}
        payment_id, status = values.pop("id"), ListStatus(values.pop("status"))
        list_id, note = values.pop("list_id"), values.pop("note")
        told.append(Entered(payment_id, Payment(**values), status, list_id, note))
    return told


async def reversible(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """The approved payments among ``ids``, which a reversal may name."""
    rows = (await session.execute(_REVERSIBLE, {"ids": list(ids)})).mappings()
    return {row["id"]: dict(row) for row in rows}


@dataclass(frozen=True, slots=True)
class Known:
    """What of the things that payments name exists; lots with the supplier whose they are."""

    households: frozenset[UUID]
    suppliers: frozenset[UUID]
    lots: dict[UUID, UUID]


async def known_of(session: AsyncSession, payments: Sequence[Payment]) -> Known:
    """One statement for any number of payments."""
    values = {
        "households": sorted({one.household_id for one in payments}),
        "suppliers": sorted({one.supplier_id for one in payments}),
        "lots": sorted({one.lot_id for one in payments if one.lot_id is not None}),
    }
    found = (await session.execute(_KNOWN, values)).all()
    ids = {what: frozenset(row[1] for row in found if row[0] == what) for what in ("household", "supplier")}
    return Known(ids["household"], ids["supplier"], {row[1]: row[2] for row in found if row[0] == "lot"})


async def lots_coded(session: AsyncSession, codes: Sequence[str]) -> dict[tuple[UUID, str], UUID]:
    """Lots by supplier and code; of a code that a supplier uses for several goods, any."""
    return {(row[0], row[1]): row[2] for row in await session.execute(_LOTS_CODED, {"codes": list(codes)})}


async def linkage_proposals(
    session: AsyncSession,
    *,
    proposal_id: UUID | None = None,
    of_supplier: UUID | None = None,
    status: ListStatus | None = None,
    before: UUID | None = None,
    limit: int = 1,
) -> list[LinkageProposal]:
    """Contracts that suppliers proposed, the latest first."""
    values = {
        "id": proposal_id,
        "supplier": of_supplier,
        "status": None if status is None else status.value,
        "before": before,
        "limit": limit,
    }
    rows = (await session.execute(_PROPOSED, values)).mappings()
    return [
        LinkageProposal(**{**row, "kind": LinkKind(row["kind"]), "status": ListStatus(row["status"])}) for row in rows
    ]


async def suppliers_called(session: AsyncSession, words: Sequence[str]) -> dict[str, UUID]:
    """Suppliers by their codes or names, as far as there are such."""
    return {row[0]: row[1] for row in await session.execute(_SUPPLIERS_CALLED, {"words": list(words)})}


async def paid_already(session: AsyncSession, payments: Sequence[Payment]) -> list[tuple[int, bool]]:
    """Which of ``payments``, by their place, are on record for the same household, supplier and month.

    With the same voucher (True), or with the same amount where one of both names none. What was declined or taken back
    does not count. One statement for any number.
    """
    rows = [
        {
            "at": at,
            "household_id": str(one.household_id),
            "supplier_id": str(one.supplier_id),
            "kind": one.kind.value,
            "category": one.category,
            "month": one.paid_on.replace(day=1).isoformat(),
            "voucher_no": one.voucher_no,
            "amount_fen": one.amount_fen,
        }
        for at, one in enumerate(payments)
        if one.reverses is None
    ]
    if not rows:
        return []
    return [(row[0], row[1]) for row in await session.execute(_PAID_ALREADY, {"rows": dump(rows)})]


async def payment_list(session: AsyncSession, list_id: UUID) -> PaymentList:
    """One list. Raises ``NotFound``."""
    row = (await session.execute(_ONE_LIST, {"id": list_id})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return PaymentList(**{**row, "status": ListStatus(row["status"])})


async def payment_lists(
    session: AsyncSession,
    *,
    status: ListStatus | None = None,
    of_supplier: UUID | None = None,
    before: UUID | None,
    limit: int,
) -> list[PaymentList]:
    """Lists of payments, the latest first; of a supplier those that it proposed itself."""
    values = {
        "status": None if status is None else status.value,
        "supplier": of_supplier,
        "before": before,
        "limit": limit,
    }
    rows = (await session.execute(_LISTS, values)).mappings()
    return [PaymentList(**{**row, "status": ListStatus(row["status"])}) for row in rows]


async def hold_figures(session: AsyncSession, supplier: UUID) -> None:
    """Let nobody else declare figures of this supplier until the end of the transaction."""
    await session.execute(_HOLD_FIGURES, {"supplier": supplier})


async def figure_overlaps(
    session: AsyncSession, supplier: UUID, kind: FigureKind, category: str | None, first: date, last: date
) -> bool:
    """Whether a figure of another span that meets this one is declared already."""
    values = {"supplier": supplier, "kind": kind.value, "category": category, "first": first, "last": last}
    return bool(await session.scalar(_OVERLAP, values))

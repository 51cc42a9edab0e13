"""Nine hundred invented households of nine suppliers, what they were paid, and the cases that an auditor should find.

Shape: domain handbook §8.5 (kinds of payment, a median of 1,450 yuan for each household and year) and §8.6 (three
samples). No number is one of a real register. The same seed gives the same households.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance
from app.assistance import FigureKind, HouseholdPayment, LinkKind, NewHousehold, NewLinkage
from app.identity import Actor

_HOUSEHOLDS, _MEDIAN_FEN, _SPREAD = 900, 145_000, 0.45
_KINDS = (LinkKind.PURCHASE, LinkKind.WAGE, LinkKind.RENT, LinkKind.DIVIDEND)
_SHARES = (70, 14, 8, 8)
_UNPAID = 3
"""So many contracts are planted that nobody was ever paid by."""


@dataclass(frozen=True, slots=True)
class _Payer:
    """A supplier that pays households: where they live, its line, price of raw material (fen per kg), when it buys."""

    code: str
    township: str
    village: str
    line: str | None
    price_fen: int
    buys: tuple[str, str]


_PAYERS = (
    _Payer("S01", "433125116", "黄金村", "golden-tea", 5_000, ("03-20", "04-20")),
    _Payer("S02", "433125114", "枫香村", "golden-tea", 5_000, ("03-20", "04-20")),
    _Payer("S03", "433125114", "国茶村", "golden-tea", 5_000, ("03-20", "04-20")),
    _Payer("S04", "433125109", "陡滩村", "dark-tea", 800, ("06-10", "09-20")),
    _Payer("S06", "433125112", "毛沟村", "camellia-oil", 600, ("10-10", "11-10")),
    _Payer("S07", "433125110", "清水坪村", "camellia-oil", 600, ("10-10", "11-10")),
    _Payer("S08", "433125111", "新寨村", "navel-orange", 420, ("11-16", "12-25")),
    _Payer("S09", "433125115", "碗米坡村", "navel-orange", 420, ("11-16", "12-25")),
    _Payer("S11", "433125217", "阳朝村", None, 0, ("01-31", "12-31")),
)
_OVERRUN = "S07"
"""Whose declared raw capacity of the last year that is over is planted below what its counted sales needed."""

_CLASSES = (
    {"P1": "建档立卡", "P2": "脱贫户"},
    {"P2": "监测对象-边缘易致贫户"},
    {"P2": "监测对象-脱贫不稳定户", "P3": "农村低收入人口"},
)
_RATE_FEN, _RENT_FEN = 9_000, 60_000
"""Ninety yuan a day; six hundred yuan a year for each 亩."""


@dataclass(frozen=True, slots=True)
class _Life:
    """A household, how it earns, and about how much in a year."""

    new: NewHousehold
    payer: _Payer
    kind: LinkKind
    yearly_fen: int


def _lives(source: random.Random) -> list[_Life]:
    """The samples of the handbook first, then the others, a hundred for each supplier."""
    s01, s08, s11 = (next(one for one in _PAYERS if one.code == code) for code in ("S01", "S08", "S11"))
    found = [
        _Life(_household(source, s01, 1, _CLASSES[0], 4), s01, LinkKind.PURCHASE, 1_562_500),
        _Life(_household(source, s08, 7, _CLASSES[1], 3), s08, LinkKind.PURCHASE, 1_092_000),
        _Life(_household(source, s11, 13, {"P2": "脱贫户"}, 5), s11, LinkKind.WAGE, 864_000),
    ]
    each = _HOUSEHOLDS // len(_PAYERS)
    for payer in _PAYERS:
        have = sum(one.payer is payer for one in found)
        for nth in range(each - have):
            kind = source.choices(_KINDS, _SHARES)[0] if payer.line else LinkKind.WAGE
            people = source.choices((2, 3, 4, 5, 6), (15, 25, 30, 20, 10))[0]
            new = _household(source, payer, 100 + nth, source.choice(_CLASSES), people)
            found.append(_Life(new, payer, kind, round(source.lognormvariate(0, _SPREAD) * _MEDIAN_FEN)))
    return found


def _household(
    source: random.Random, payer: _Payer, serial: int, classes: dict[str, str], persons: int
) -> NewHousehold:
    # Two suppliers buy in one township, so the serial carries the supplier too.
    number = f"H-{payer.township}-{payer.code[1:]}{serial:04d}" if serial >= 100 else f"H-{payer.township}-{serial:04d}"  # noqa: PLR2004
    tail = f"{source.randrange(10_000):04d}"
    linked = source.randint(1, persons)
    return NewHousehold(number, payer.township, payer.village, classes, persons, linked, date(2024, 1, 10), tail)


def _payments(
    source: random.Random, life: _Life, household: UUID, supplier: UUID, years: Sequence[int]
) -> Iterator[HouseholdPayment]:
    for year in years:
        opens, closes = (date.fromisoformat(f"{year}-{day}") for day in life.payer.buys)
        if life.kind is LinkKind.PURCHASE:
            for part in (55, 45):
                on = opens + timedelta(days=source.randint(0, (closes - opens).days))
                milli = max(1, life.yearly_fen * part * 10 // life.payer.price_fen)
                yield _paid(life, household, supplier, on, milli, life.payer.price_fen)
        elif life.kind is LinkKind.WAGE:
            days = max(1, round(life.yearly_fen / _RATE_FEN))
            for part in (days // 2, days - days // 2):
                if part:
                    on = date(year, source.randint(1, 12), 28)
                    yield _paid(life, household, supplier, on, part * 1_000, _RATE_FEN)
        elif life.kind is LinkKind.RENT:
            milli = max(1, life.yearly_fen * 1_000 // _RENT_FEN)
            yield _paid(life, household, supplier, date(year, 1, 15), milli, _RENT_FEN)
        else:
            yield _paid(life, household, supplier, date(year, 1, 20), 1_000, life.yearly_fen)


def _paid(life: _Life, household: UUID, supplier: UUID, on: date, milli: int, price_fen: int) -> HouseholdPayment:
    buys = life.kind is LinkKind.PURCHASE
    return HouseholdPayment(
        household_id=household,
        supplier_id=supplier,
        kind=life.kind,
        category=life.payer.line if buys else None,
        paid_on=on,
        quantity_milli=milli,
        unit_price_fen=price_fen,
        amount_fen=assistance.amount_of(milli, price_fen),
        reference_price_fen=price_fen * 96 // 100 if buys else None,
        lot_id=None,
        to_own_account=True,
        reverses=None,
    )


@dataclass(slots=True)
class Households:
    """Who is registered, and the payments of each month that nobody has entered yet."""

    ids: Sequence[UUID]
    suppliers: dict[str, UUID]
    by: Actor
    second: Actor
    payments: Sequence[HouseholdPayment]
    entered_upto: date = date.min

    async def pay(self, session: AsyncSession, upto: date, now: datetime) -> None:
        """Enter and approve what was paid before ``upto`` and is not entered yet, as one list."""
        due = [one for one in self.payments if self.entered_upto <= one.paid_on < upto]
        self.entered_upto = max(self.entered_upto, upto)
        if not due:
            return
        kept = await assistance.enter_payments(session, due, note="月度收益清单（示例）", by=self.by, now=now)
        note = "已核对转账回单（示例）"
        await assistance.decide_payments(session, kept.id, approve=True, note=note, by=self.second, now=now)

    async def declare(self, session: AsyncSession, first: date, until: date, now: datetime) -> None:
        """Let the suppliers declare what they bought, could have bought and took in."""
        years = range(first.year, until.year + 1)
        await _declare(session, self.suppliers, self.payments, years, self.by, now)


async def plant_households(
    session: AsyncSession,
    suppliers: dict[str, UUID],
    *,
    first: date,
    until: date,
    seed: int,
    by: Actor,
    second: Actor,
    now: datetime,
) -> Households:
    """Register and link them; what they are paid from ``first`` to ``until`` is entered later, in its time.

    Planted: one household that two suppliers pay, one supplier whose capacity is below what it sold, and contracts
    without payments.
    """
    source = random.Random(f"households/{seed}")  # noqa: S311 - a demonstration must repeat itself
    lives = _lives(source)
    ids = await assistance.register_households(session, [life.new for life in lives], by=by, now=now)
    years = range(first.year, until.year + 1)
    links: list[NewLinkage] = []
    payments: list[HouseholdPayment] = []
    for nth, (life, household) in enumerate(zip(lives, ids, strict=True)):
        supplier = suppliers[life.payer.code]
        allowed = life.yearly_fen if life.kind in (LinkKind.RENT, LinkKind.DIVIDEND) else None
        terms = "保底价收购" if life.kind is LinkKind.PURCHASE else "按合同支付"
        contract = f"LD-{first.year}-{nth + 1:04d}"
        since = date(first.year, 1, 1)
        links.append(NewLinkage(household, supplier, life.kind, contract, since, None, terms, allowed))
        if nth < len(lives) - _UNPAID:
            payments += _payments(source, life, household, supplier, years)
    payments = [one for one in payments if first <= one.paid_on <= until]
    shared = next(one for one in payments if one.supplier_id == suppliers["S02"] and one.kind is LinkKind.PURCHASE)
    payments.append(_of_another(shared, suppliers["S03"]))
    await assistance.link_households(session, links, by=by, now=now)
    return Households(ids, suppliers, by, second, payments)


def _of_another(payment: HouseholdPayment, supplier: UUID) -> HouseholdPayment:
    values = {name: getattr(payment, name) for name in HouseholdPayment.__slots__}
    return HouseholdPayment(**values | {"supplier_id": supplier})


async def _declare(
    session: AsyncSession,
    suppliers: dict[str, UUID],
    payments: Sequence[HouseholdPayment],
    years: Sequence[int],
    by: Actor,
    now: datetime,
) -> None:
    """Each supplier bought as much again from others, and could have had three times that."""
    for payer in _PAYERS:
        supplier = suppliers[payer.code]
        for year in years:
            own = [one for one in payments if one.supplier_id == supplier and one.paid_on.year == year]
            figures: list[tuple[FigureKind, str | None, int]] = [
                (FigureKind.REVENUE, None, 4 * sum(one.amount_fen for one in own))
            ]
            if payer.line is not None:
                bought = 2 * sum(one.quantity_milli or 0 for one in own if one.kind is LinkKind.PURCHASE)
                most = 1_000 if payer.code == _OVERRUN and year == years[-1] - 1 else 200 * max(bought, 1_000_000)
                figures += [
                    (FigureKind.RAW_PURCHASED, payer.line, bought),
                    (FigureKind.RAW_CAPACITY, payer.line, most),
                ]
            for kind, category, value in figures:
                await assistance.declare_figure(
                    session,
                    supplier,
                    kind=kind,
                    category=category,
                    first=date(year, 1, 1),
                    last=date(year, 12, 31),
                    value=value,
                    evidence="收购台账（示例）",
                    by=by,
                    now=now,
                )

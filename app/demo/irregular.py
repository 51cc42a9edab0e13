"""How the cases that auditors should find come about: by the use cases that everybody uses (``cases`` decides when)."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from PIL import Image, ImageDraw
from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance, catalogue, files, identity, orders, pricing
from app.core.clock import SHANGHAI
from app.core.settings import FileSettings
from app.demo.cases import CLERK_PHONE, DEAR_PCT, DEAR_SKU, OWN_SUPPLIER, UNSOLD_SUPPLIER, Cases
from app.demo.county import ROOTS, County, listing_on_832
from app.demo.plan import Case, Plan
from app.identity import Actor, Role

Act = Callable[[AsyncSession, datetime], Any]
_MOMENT = timedelta(minutes=10)
_FAIR_FEN, _FAIR_G = 468_000, 60_000
_PAPERS = 2


async def scan_papers(settings: FileSettings) -> list[files.Prepared]:
    """The papers that are handed in with what is declared, as the camera saw them; no transaction may be open."""
    found = []
    for nth in range(_PAPERS):
        picture = Image.new("RGB", (420, 300), "white")
        pen = ImageDraw.Draw(picture)
        for row in range(8):
            pen.rectangle((30, 30 + 30 * row, 390 - 30 * ((row + nth) % 4), 40 + 30 * row), fill="lightgray")
        kept = io.BytesIO()
        picture.save(kept, "PNG")
        found.append(await files.prepare(kept.getvalue(), purpose=files.Purpose.EVIDENCE, settings=settings))
    return found


@dataclass(slots=True)
class Irregular:
    """The part of the history that should not be; ``at`` lets something happen at a moment.

    ``placed`` are the planned orders by their case; ``buyers`` are those of the plan by their number.
    """

    at: Callable[[datetime, Act], None]
    county: County
    cases: Cases
    plan: Plan
    settings: FileSettings
    password_hash: str
    papers: list[files.Prepared]
    placed: Mapping[Case, orders.OrderView]
    buyers: MutableMapping[int, Actor]

    def enter(self) -> None:
        """Let everything happen that is not an order itself."""
        for planned in self.plan.orders:
            if planned.case is Case.OVERPRICED:
                self.at(planned.at - _MOMENT, self._raise)
            elif planned.case is Case.OWN:
                self.at(planned.at - _MOMENT, self._employ(planned.person))
        self.at(_morning(self.cases.refunded_on), self._refund)
        self.at(_morning(self.cases.reported_on), self._report_again)
        fair = self.cases.fair
        self.at(_morning(fair.listed_on), self._list)
        self.at(_morning(fair.declared_on), self._declare_fair)

    async def _raise(self, session: AsyncSession, now: datetime) -> None:
        usual = (await pricing.current_prices(session, [DEAR_SKU]))[DEAR_SKU].price_fen
        await self._set(session, usual * DEAR_PCT // 100, now)
        self.at(now + 2 * _MOMENT, partial(self._lower, usual))

    async def _lower(self, usual: int, session: AsyncSession, now: datetime) -> None:
        await self._set(session, usual, now)

    async def _set(self, session: AsyncSession, price_fen: int, now: datetime) -> None:
        by = self.county.suppliers[self.county.skus[DEAR_SKU]["supplier"]]
        await pricing.set_price(session, DEAR_SKU, price_fen, by=by, now=now)

    def _employ(self, number: int) -> Act:
        """A clerk of a supplier, who buys like anybody."""

        async def act(session: AsyncSession, now: datetime) -> None:
            supplier = self.county.suppliers[OWN_SUPPLIER].supplier_id
            account_id = await identity.create_account(
                session,
                username=None,
                name=self.plan.people[number].name,
                password_hash=self.password_hash,
                role=Role.SUPPLIER,
                scope_id=supplier,
                phone=CLERK_PHONE,
                now=now,
            )
            await identity.grant(session, account_id, Role.BUYER)
            self.buyers[number] = Actor(account_id, frozenset({Role.SUPPLIER, Role.BUYER}), supplier_id=supplier)

        return act

    async def _refund(self, session: AsyncSession, now: datetime) -> None:
        order = self.placed[Case.REFUNDED_LATE]
        refund = orders.RefundLine(order.lines[0].id, order.lines[0].amount_fen // 2)
        await orders.refund_lines(
            session, order.id, [refund], by=self.county.operator, reason="受潮补偿（年后来电）", now=now
        )

    async def _report_again(self, session: AsyncSession, now: datetime) -> None:
        """An order of ours comes back in the 832 platform's list, and nobody notices."""
        order = self.placed[Case.REPORTED_TWICE]
        line = order.lines[0]
        sale = assistance.NewDeclaredSale(
            occasion=assistance.Occasion.OTHER,
            voucher_no=order.number,
            sold_on=(order.placed_at + timedelta(days=7)).astimezone(SHANGHAI).date(),
            amount_fen=line.amount_fen,
            quantity=line.quantity,
            weight_g=line.quantity * line.net_weight_g,
            channel=assistance.Channel.RETAIL,
            division_code=order.address.division_code,
            supplier_id=line.supplier_id,
            category=ROOTS[self.county.skus[line.sku]["cat"]],
            buyer="832 平台采购单位（示例）",
            source="832",
            invoice_no=order.number,
            invoice_line=1,
            note="按 832 平台导出清单补报（示例）",
            not_a_duplicate_because="832 平台清单单独列示（示例）",
            file_ids=[await self._hand_in(session, 0, now)],
        )
        await self._declare(session, sale, now)

    async def _list(self, session: AsyncSession, now: datetime) -> None:
        listing = listing_on_832(self._unsold(), UNSOLD_SUPPLIER, self.cases.fair.valid_from)
        note = "832 平台供应商名录（示例，补录）"
        await catalogue.register_certification(session, listing, note=note, by=self.county.operator, now=now)

    async def _declare_fair(self, session: AsyncSession, now: datetime) -> None:
        sale = assistance.NewDeclaredSale(
            occasion=assistance.Occasion.FAIR,
            voucher_no=f"ZX-{self.cases.fair.sold_on:%Y%m%d}",
            sold_on=self.cases.fair.sold_on,
            amount_fen=_FAIR_FEN,
            quantity=0,
            weight_g=_FAIR_G,
            channel=assistance.Channel.RETAIL,
            division_code="370102",
            supplier_id=self._unsold(),
            category="golden-tea",
            buyer="济南农产品展销会现场零售（示例）",
            source="declared",
            invoice_no=None,
            invoice_line=None,
            note="展销会三天合计，附销售清单（示例）",
            not_a_duplicate_because=None,
            file_ids=[await self._hand_in(session, 1, now)],
        )
        await self._declare(session, sale, now)

    def _unsold(self) -> UUID:
        if (supplier_id := self.county.suppliers[UNSOLD_SUPPLIER].supplier_id) is None:
            raise ValueError("supplier staff belong to a supplier")
        return supplier_id

    async def _hand_in(self, session: AsyncSession, nth: int, now: datetime) -> UUID:
        purpose, by = files.Purpose.EVIDENCE, self.county.officer
        kept = await files.keep(session, self.papers[nth], purpose=purpose, by=by, settings=self.settings, now=now)
        return kept.id

    async def _declare(self, session: AsyncSession, sale: assistance.NewDeclaredSale, now: datetime) -> None:
        declared = await assistance.declare_sale(session, sale, by=self.county.officer, now=now)
        self.at(now + timedelta(days=1), self._approve(declared.proposal.id))

    def _approve(self, proposal_id: UUID) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            approved = assistance.Verdict.APPROVED
            by = self.county.second_officer
            await assistance.decide_proposal(session, proposal_id, approved, note="凭证齐全（示例）", by=by, now=now)

        return act


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(10), SHANGHAI)

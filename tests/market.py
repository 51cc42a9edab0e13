"""Wholesale in a shop: partners with contracts, codes, price lists and credit, who order by the case.

``market.place({...})`` sends an order over HTTP and gives it; ``market.send`` gives the answer whatever it is. Codes,
packs and prices stand in ``GOODS``. Two partners have the same terms: P01 is a supermarket of the shop, P02 another.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import httpx
from stdnum import ean

from app import identity, partners, pricing, wholesale
from app.core.clock import local_day
from app.identity import Account, Role
from tests.shop import Shop


def _gtin(body: str) -> str:
    return body + ean.calc_check_digit(body)


@dataclass(frozen=True, slots=True)
class Good:
    """What a partner calls a SKU by, how it is packed and what a unit costs it."""

    code: str
    gtin13: str
    case_pack: int
    price_fen: int
    min_cases: int = 1
    multiple_cases: int = 1

    @property
    def itf14(self) -> str:
        return _gtin("1" + self.gtin13[:12])


GOODS = {
    "GT04": Good("100245", _gtin("690123450001"), 10, 8_000),
    "GT14": Good("100246", _gtin("690123450002"), 10, 2_500, multiple_cases=2),
    "NO02": Good("200310", _gtin("690123450003"), 5, 3_200, min_cases=2),
    "NO04": Good("200311", _gtin("690123450004"), 1, 5_000),
}
LIMIT_FEN = 2_000_000
P02 = {
    "code": "P02",
    "name": "淄博齐鲁惠民超市有限公司（示例）",
    "uscc": "91370303MA3FAKE204",
    "division_code": "370303",
    "stores_count": 12,
    "term_days": 30,
    "rebate_bp": 500,
}
TERMS = partners.Terms(
    contract_no="HT-P01",
    valid_from=date(2026, 1, 1),
    valid_to=date(2027, 12, 31),
    order_weekdays=(1, 3, 5),
    order_until=time(14),
    lead_days=2,
    minimum=50_000,
    minimum_unit=partners.MinimumUnit.FEN,
    min_life_pct=67,
    term_days=45,
    term_base=partners.TermBase.RECEIPT_DATE,
    rebate_bp=600,
    rebate_on_invoice=False,
    tolerance={"navel-orange": partners.ORANGES},
)
"""Orders on Monday, Wednesday and Friday until two o'clock; every test begins at noon on a Friday."""
_numbers = itertools.count(1)


@dataclass
class Market:
    """Who buys by the case, and under what."""

    shop: Shop
    contracts: dict[str, partners.Contract] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return local_day(self.shop.clock())

    def partner_id(self, who: str = "P01") -> UUID:
        found = self.shop.accounts[who].partner_id
        assert found is not None
        return found

    def body(self, cases: dict[str, int], **more: Any) -> dict[str, Any]:
        """An order of so many cases by SKU."""
        lines = [
            {"line_no": place, "sku": sku, "cases": wanted} for place, (sku, wanted) in enumerate(cases.items(), 1)
        ]
        return {
            "po_no": f"PO-{next(_numbers):05d}",
            "dc_code": "0012",
            "required_on": (self.today + timedelta(days=5)).isoformat(),
            "lines": lines,
            **more,
        }

    def asked(self, cases: dict[str, int], **more: Any) -> wholesale.AskedOrder:
        """The same as the module's value; ``more`` are its fields."""
        lines = tuple(
            wholesale.AskedLine(line_no=place, sku=sku, cases=wanted)
            for place, (sku, wanted) in enumerate(cases.items(), 1)
        )
        usual = {
            "po_no": f"PO-{next(_numbers):05d}",
            "location_code": "0012",
            "required_on": self.today + timedelta(days=5),
            "lines": lines,
        }
        return wholesale.AskedOrder(**usual | more)

    async def send(
        self, body: dict[str, Any], who: str = "P01", *, query: str = "", key: str | None = "", **headers: str
    ) -> httpx.Response:
        path = f"/v1/partner/purchase-orders{query}"
        return await self.shop.call(who, "POST", path, body, key=key, **headers)

    async def place(self, cases: dict[str, int], who: str = "P01", *, query: str = "", **more: Any) -> dict[str, Any]:
        """Place an order of so many cases by SKU and give its representation."""
        answer = await self.send(self.body(cases, **more), who, query=query)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def look(self, order: dict[str, Any], who: str = "P01") -> dict[str, Any]:
        answer = await self.shop.call(who, "GET", f"/v1/partner/purchase-orders/{order['id']}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def credit(self, who: str = "P01") -> int:
        """What is used of it, in fen."""
        async with self.shop.db.read() as session:
            return (await partners.credit(session, self.partner_id(who))).used_fen

    async def limit(self, fen: int, who: str = "P01") -> None:
        self.shop.clock.advance(seconds=1)  # of two limits the later one counts
        async with self.shop.db.write() as session:
            await partners.set_credit_limit(
                session, self.partner_id(who), fen, by=self.shop.actor("operator"), now=self.shop.clock()
            )


async def open_market(shop: Shop, *, limit_fen: int = LIMIT_FEN) -> Market:
    """Two partners that may order what the shop sells, each with a centre ``0012`` and a store ``0001``."""
    market, now, operator = Market(shop), shop.clock(), shop.actor("operator")
    async with shop.db.write() as session:
        second = await partners.enrol(session, **P02, by=operator, now=now)
        account_id = await identity.create_account(
            session,
            username="market-p02",
            name="P02",
            password_hash="x",
            role=Role.PARTNER,
            scope_id=second.id,
            now=now,
        )
        shop.accounts["P02"] = Account(account_id, "P02", frozenset({Role.PARTNER}), None, second.id)
        for who in ("P01", "P02"):
            await _contract(session, market, who, limit_fen, now)
    return market


async def _contract(session: Any, market: Market, who: str, limit_fen: int, now: datetime) -> None:
    operator, partner_id = market.shop.actor("operator"), market.partner_id(who)
    for code, name, kind in (
        ("0012", "济南配送中心", partners.LocationKind.DC),
        ("0001", "花园路店", partners.LocationKind.STORE),
    ):
        await partners.add_location(
            session,
            partner_id,
            code=code,
            name=name,
            kind=kind,
            division_code="370112",
            address="济南市历城区物流路 1 号",
            now=now,
        )
    drafted = await partners.draft(session, partner_id, replace(TERMS, contract_no=f"HT-{who}"), by=operator, now=now)
    market.contracts[who] = contract = await partners.sign(session, drafted.id, by=operator, now=now)
    for sku, good in GOODS.items():
        mapping = pricing.Mapping(sku, good.code, good.gtin13, good.itf14, good.case_pack, None)
        await pricing.map_item(session, partner_id, mapping, by=operator, now=now)
    prices = [
        pricing.NewPrice(
            sku,
            good.price_fen,
            contract.valid_from,
            contract.valid_to,
            min_cases=good.min_cases,
            multiple_cases=good.multiple_cases,
        )
        for sku, good in GOODS.items()
    ]
    await pricing.list_prices(session, contract, prices, by=operator, now=now)
    await partners.set_credit_limit(session, partner_id, limit_fen, by=operator, now=now)


async def load(market: Market, order: dict[str, Any], lines: dict[int, int], who: str = "S01") -> dict[str, Any]:
    """A supplier sends so many cases by line number; gives the delivery note."""
    path = f"/v1/supplier/purchase-orders/{order['id']}/deliveries"
    body = {"lines": [{"line_no": line_no, "cases": cases} for line_no, cases in lines.items()]}
    answer = await market.shop.call(who, "POST", path, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def count(
    market: Market, order: dict[str, Any], counted: dict[int, tuple[int, int]], who: str = "P01", **more: Any
) -> httpx.Response:
    """The partner counts (delivered, rejected) units by line number; gives the answer whatever it is."""
    body = {
        "receipt_no": f"YS-{next(_numbers):05d}",
        "lines": [
            {"line_no": line_no, "delivered_units": came, "rejected_units": bad}
            for line_no, (came, bad) in counted.items()
        ],
        **more,
    }
    return await market.shop.call(who, "POST", f"/v1/partner/purchase-orders/{order['id']}/receipts", body)


async def take_in(
    market: Market, order: dict[str, Any], counted: dict[int, tuple[int, int]], who: str = "P01", **more: Any
) -> dict[str, Any]:
    """The same, as it must succeed; facts are heard."""
    answer = await count(market, order, counted, who, **more)
    assert answer.status_code == 201, answer.text
    await market.shop.settle()
    return answer.json()

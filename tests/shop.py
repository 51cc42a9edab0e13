"""A small shop on a real database: everybody's account, two suppliers, four products with price and stock.

``shop.http(role)`` speaks HTTP as somebody; ``shop.settle()`` lets the worker's handlers and couriers run, the
couriers speaking to the application itself, as the sandbox provider does in life.
"""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app import catalogue, identity, inventory, partners, pricing, settlement, storefront, suppliers
from app.audit import Break
from app.core.db import Database
from app.core.outbox import deliver_all, run_couriers
from app.core.settings import IdentitySettings, Settings
from app.identity import Account, Actor, Role
from app.identity.service.tokens import sign_access_token
from app.main import create_app
from app.wiring import build
from tests.auditor import breaks
from tests.papers import list_on_832, papers

ADDRESS = {"recipient": "王晓梅", "phone": "13800001234", "division_code": "370112", "detail": "花园路88号3单元502室"}
LABEL = {
    "ingredients": "茶鲜叶",
    "producer_name": "吕洞茗源茶叶专业合作社（示例）",
    "producer_address": "湖南省保靖县吕洞山镇黄金村",
    "producer_contact": "0743-0000001",
    "permit_no": "YB14331250000001",
    "conformity": {"issuer": "新寨橙乡柑橘专业合作社（示例）", "commitments": ["不使用禁用农药"]},
}
ORGANISATION = {
    "kind": "union",
    "name": "济南市历城区某机关工会委员会（示例）",
    "uscc": "81370112MC0FAKE172",
    "division_code": "370112",
    "invoice": {"title": "济南市历城区某机关工会委员会（示例）"},
}
_HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$Iu3m6KDZYlqwYSQ6rqwbCQ"
_GOODS = (
    # supplier, slug, category, sku, name, spec, net g, gross g, price fen, stock, fresh
    ("S01", "golden-tea", "green-tea", "GT04", "黄金茶 雨前二级", "100g 袋", 100, 140, 12_800, 100, False),
    ("S01", "golden-tea-bags", "tea-bags", "GT14", "黄金绿茶 袋泡", "25 袋", 50, 120, 3_990, 100, False),
    ("S08", "orange-5kg", "orange-box", "NO02", "酉水脐橙 一等", "净果 5kg", 5_000, 5_600, 4_990, 50, True),
    ("S08", "orange-gift", "orange-gift", "NO04", "酉水脐橙 礼盒", "12 枚", 3_300, 3_900, 7_990, 3, True),
)
_keys = itertools.count(1)


@dataclass
class Shop:
    """Who is there and what is sold."""

    app: FastAPI
    db: Database
    settings: Settings
    clock: Any
    accounts: dict[str, Account] = field(default_factory=dict)
    products: dict[str, UUID] = field(default_factory=dict)

    def actor(self, who: str) -> Actor:
        account = self.accounts[who]
        return Actor(account.id, account.roles, account.supplier_id, account.partner_id)

    def token(self, who: str) -> str:
        return sign_access_token(self.accounts[who], IdentitySettings(), self.clock())

    @asynccontextmanager
    async def http(self, who: str | None = None, **headers: str):
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        if who is not None:
            headers["Authorization"] = f"Bearer {self.token(who)}"
        async with httpx.AsyncClient(transport=transport, base_url="http://market.test", headers=headers) as client:
            yield client

    async def call(
        self, who: str | None, method: str, path: str, body: Any = None, *, key: str | None = "", **headers: str
    ) -> httpx.Response:
        """One request; a fresh idempotency key goes along unless ``key`` is given or None."""
        if key is not None:
            headers["Idempotency-Key"] = key or f"key-{next(_keys)}"
        async with self.http(who, **headers) as client:
            return (
                await client.request(method, path, json=body)
                if body is not None
                else await client.request(method, path)
            )

    async def order(self, items: dict[str, int], who: str = "buyer", **more: Any) -> dict[str, Any]:
        """Place an order and give its representation."""
        body = {
            "items": [{"sku": sku, "quantity": quantity} for sku, quantity in items.items()],
            "address": ADDRESS,
            "fresh_goods_acknowledged": True,
            **more,
        }
        answer = await self.call(who, "POST", "/v1/store/orders", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def pay(self, order: dict[str, Any], who: str = "buyer") -> dict[str, Any]:
        """Pay through the sandbox, let its notification arrive, and give the order as it is then."""
        started = await self.call(who, "POST", f"/v1/store/orders/{order['id']}/payments", {"provider": "sandbox"})
        assert started.status_code == 201, started.text
        paid = await self.call(None, "POST", f"/v1/sandbox/payments/{started.json()['id']}/pay", key=None)
        assert paid.status_code == 202, paid.text
        await self.settle()
        return await self.look(order, who)

    async def look(self, order: dict[str, Any], who: str = "buyer") -> dict[str, Any]:
        answer = await self.call(who, "GET", f"/v1/store/orders/{order['id']}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ship(self, order: dict[str, Any], who: str = "buyer", *, deliver: bool = True) -> dict[str, Any]:
        """Every supplier sends everything; with ``deliver`` the parcels arrive."""
        of_supplier = {account.supplier_id: who for who, account in self.accounts.items() if account.supplier_id}
        for part in order["supplier_orders"]:
            sender = of_supplier[UUID(part["supplier_id"])]
            lines = [line for line in order["lines"] if line["supplier_id"] == part["supplier_id"]]
            body = {
                "carrier": "ZTO",
                "tracking_number": f"78{next(_keys):012d}",
                "lines": [{"line_id": line["id"], "quantity": line["quantity"]} for line in lines],
            }
            answer = await self.call(sender, "POST", f"/v1/supplier/orders/{part['id']}/shipments", body)
            assert answer.status_code == 201, answer.text
            if deliver:
                path = f"/v1/supplier/shipments/{answer.json()['id']}/delivered"
                answer = await self.call(sender, "POST", path, key=None)
                assert answer.status_code == 200, answer.text
        await self.settle()
        return await self.look(order, who)

    async def organisation(self, who: str = "buyer", **more: Any) -> dict[str, Any]:
        """An organisation of somebody's that may order."""
        founded = await self.call(who, "POST", "/v1/store/organisations", {**ORGANISATION, **more})
        assert founded.status_code == 201, founded.text
        path = f"/v1/operator/organisations/{founded.json()['id']}/verify"
        verified = await self.call("operator", "POST", path)
        assert verified.status_code == 200, verified.text
        return verified.json()

    async def complete(self, items: dict[str, int], who: str = "buyer", **more: Any) -> dict[str, Any]:
        """An order from the quote to the buyer's confirmation."""
        order = await self.ship(await self.pay(await self.order(items, who, **more), who), who)
        answer = await self.call(who, "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
        assert answer.status_code == 200, answer.text
        await self.settle()
        return await self.look(order, who)

    async def settle(self) -> None:
        """What the worker does: handlers and couriers, until nobody has anything left to do."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=self.settings.notify_base) as http:
            usual = self.db.wiring
            self.db.wiring = build(self.settings, http)
            try:
                while await deliver_all(self.db, self.clock()) + await run_couriers(self.db, self.clock(), limit=1):
                    pass
            finally:
                self.db.wiring = usual

    async def breaks(self) -> list[Break]:
        """What the auditor finds, once the journal has been written."""
        async with self.db.write() as session:
            await settlement.post_due(session, now=self.clock())
        async with self.db.read() as session:
            return await breaks(session, now=self.clock())

    async def scalar(self, sql: str, **parameters: Any) -> Any:
        async with self.db.read() as session:
            return (await session.execute(text(sql), parameters)).scalar()

    async def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        async with self.db.read() as session:
            return [tuple(row) for row in await session.execute(text(sql), parameters)]

    async def stock(self, sku: str) -> tuple[int, int]:
        """On hand and reserved."""
        (row,) = await self.rows("SELECT on_hand, reserved FROM inventory_stock WHERE sku = :sku", sku=sku)
        return row[0], row[1]


async def open_shop(db: Database, settings: Settings, clock: Any) -> Shop:
    """Everything a test of the whole needs, made through the front doors."""
    shop = Shop(create_app(settings, database=db, clock=clock), db, settings, clock)
    now = clock()
    async with db.write() as session:
        await suppliers.plant_townships(session)
        await catalogue.plant_categories(session)
        await pricing.plant_freight(session, now=now)

        async def person(who: str, role: Role, scope_id: UUID | None = None) -> None:
            account_id = await identity.create_account(
                session,
                username=f"shop-{who.lower()}",
                name=who,
                password_hash=_HASH,
                role=role,
                scope_id=scope_id,
                now=now,
            )
            supplier_id = scope_id if role is Role.SUPPLIER else None
            partner_id = scope_id if role is Role.PARTNER else None
            shop.accounts[who] = Account(account_id, who, frozenset({role}), supplier_id, partner_id)

        await person("operator", Role.OPERATOR)
        await person("operator2", Role.OPERATOR)
        await person("officer", Role.OFFICER)
        await person("buyer", Role.BUYER)
        await person("stranger", Role.BUYER)
        operator = shop.actor("operator")
        for code, name, uscc, town, village, licence in (
            ("S01", "吕洞茗源茶叶专业合作社（示例）", "93433125MA4FAKE14C", "433125116", "黄金村", "SC11443312590010"),
            ("S08", "新寨橙乡柑橘专业合作社（示例）", "93433125MA4FAKE81A", "433125111", "新寨村", None),
        ):
            card = await suppliers.admit(
                session,
                code=code,
                name=name,
                kind=suppliers.Kind.COOPERATIVE,
                uscc=uscc,
                township_code=town,
                village=village,
                licence_no=licence,
                linked_since=date(2019, 3, 1),
                lines=["navel-orange" if licence is None else "golden-tea"],
                papers=papers(name, uscc, licence, now.date()),
                by=operator,
                now=now,
            )
            await suppliers.approve(session, card.id, by=operator, now=now)
            await list_on_832(session, card.id, by=operator, now=now)
            await person(code, Role.SUPPLIER, card.id)
            if licence is None:
                await pricing.choose_freight(session, card.id, "fresh", now=now)
        partner = await partners.enrol(
            session,
            code="P01",
            name="济南泉润万家超市连锁有限公司（示例）",
            uscc="91370112MA3FAKE120",
            division_code="370112",
            stores_count=38,
            term_days=45,
            rebate_bp=600,
            by=operator,
            now=now,
        )
        await person("P01", Role.PARTNER, partner.id)
        for goods in _GOODS:
            await _stock_up(session, shop, goods, now)
    await deliver_all(db, now)
    async with db.write() as session:
        await storefront.rebuild(session)
    return shop


async def _stock_up(session, shop: Shop, goods: tuple[Any, ...], now: datetime) -> None:
    code, slug, category, sku, name, spec, net_g, gross_g, price_fen, stock, fresh = goods
    by, operator = shop.actor(code), shop.actor("operator")
    card = await catalogue.create_product(
        session,
        catalogue.NewProduct(
            supplier_id=by.supplier_id,
            slug=slug,
            name=name,
            category=category,
            skus=[
                catalogue.NewSku(
                    sku=sku,
                    name=spec,
                    net_content=spec,
                    net_weight_g=net_g,
                    gross_weight_g=gross_g,
                    shelf_life_days=320 if fresh else 540,
                    tax_rate_bp=0 if fresh else 100,
                    fresh=fresh,
                    wholesale=True,
                )
            ],
            township_code="433125116" if code == "S01" else "433125111",
            village="黄金村" if code == "S01" else "新寨村",
            description=name,
            label=LABEL,
            attributes={"exec_standard": "GB/T 14456.3", "storage": "阴凉干燥处", "grade": "一级", "process": "压榨"},
        ),
        by=by,
        now=now,
    )
    shop.products[sku] = card.id
    await catalogue.submit(session, card.id, by=by, now=now)
    await catalogue.publish(session, card.id, by=operator, now=now)
    await pricing.set_price(session, sku, price_fen, now=now)
    await inventory.open_stock(session, sku, by.supplier_id)
    await inventory.receive(
        session,
        sku=sku,
        code=f"{sku}-A",
        harvested_on=now.date() - timedelta(days=10),
        produced_on=now.date() - timedelta(days=8),
        best_before=now.date() + timedelta(days=300),
        village="黄金村",
        quantity=stock,
        by=by,
        now=now,
    )

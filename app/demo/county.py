"""The county as it stands before the first order: people, suppliers, partners, goods, prices; and the year's goals."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance, catalogue, identity, inventory, partners, pricing, suppliers
from app.core.clock import local_day
from app.core.money import parse_yuan
from app.demo.assortment import LISTINGS, Listing
from app.demo.cases import UNSOLD_SUPPLIER
from app.demo.pictures import draw
from app.demo.plan import Article
from app.demo.supermarkets import CHAINS, Supermarket, open_accounts
from app.identity import Actor, Role

_DATA = json.loads(files("app.demo").joinpath("data/county.json").read_text(encoding="utf-8"))
_PLAN = json.loads(files("app.demo").joinpath("data/goals.json").read_text(encoding="utf-8"))

ROOTS = {
    "golden": "golden-tea",
    "dark": "dark-tea",
    "oil": "camellia-oil",
    "orange": "navel-orange",
    "gift": "gift-set",
}
_CATEGORY = {entry["id"]: entry["cat"] for entry in _DATA["skus"]}
_COMPONENT = re.compile(r"[A-Z]{2}[0-9]{2}")
"""How the name of a set says what is in it: （CO02+NO02）."""
_OIL_G_PER_ML = 0.91
_GIFT_NET_G = {"GB01": 960, "GB02": 5910}
_LINKED_SINCE = date(2019, 3, 1)
_LINKS_FOR_YEARS = 5

SIGN_INS = (
    "buyer",
    *(f"supplier-{entry['id'].lower()}" for entry in _DATA["suppliers"]),
    *(f"partner-{entry['id'].lower()}" for entry in _DATA["partners"]),
    "officer",
    "officer-2",
    "operator",
    "operator-2",
)


@dataclass(frozen=True, slots=True)
class County:
    """Who and what is there, by the codes of the data file."""

    buyer: Actor
    operator: Actor
    second_operator: Actor
    officer: Actor
    second_officer: Actor
    suppliers: dict[str, Actor]
    villages: dict[str, str]
    skus: dict[str, dict[str, Any]]
    supermarkets: dict[str, Supermarket]
    records: dict[str, dict[str, Any]]
    """What the data file says of each supermarket."""


def assortment() -> dict[str, dict[str, Any]]:
    """What the data file says of each SKU."""
    return {entry["id"]: entry for entry in _DATA["skus"]}


def articles() -> list[Article]:
    """The retail assortment as the plan of orders needs it."""
    return [
        Article(entry["id"], ROOTS[entry["cat"]], parse_yuan(entry["retail"]), season_of(entry))
        for entry in _DATA["skus"]
        if entry["retail"] and "B2C" in entry["channel"]
    ]


def season_of(entry: dict[str, Any]) -> tuple[str, str] | None:
    """The harvest window of a SKU as two days of the year; None where it is sold all year from stock."""
    opens, _, closes = entry["season"].partition("..")
    return (opens, closes) if closes else None


async def plant(session: AsyncSession, *, password_hash: str, first: date, now: datetime) -> County:
    """People, suppliers, partners, categories, products, prices and freight, all by the system's own use cases.

    ``first`` is the day on which the history begins.
    """
    await suppliers.plant_townships(session)
    await catalogue.plant_categories(session)
    await pricing.plant_freight(session, now=now)

    async def person(username: str, name: str, role: Role) -> Actor:
        account_id = await identity.create_account(
            session, username=username, name=name, password_hash=password_hash, role=role, now=now
        )
        return Actor(account_id, frozenset({role}))

    operator = await person("operator", "平台运营", Role.OPERATOR)
    second = await person("operator-2", "平台复核", Role.OPERATOR)
    officer = await person("officer", "协作专员", Role.OFFICER)
    reviewer = await person("officer-2", "协作复核", Role.OFFICER)
    buyer = await person("buyer", "历城买家", Role.BUYER)
    staff = await _plant_suppliers(session, operator, password_hash, now)
    supermarkets = await _plant_partners(session, operator, password_hash, now)
    skus = assortment()
    for listing in LISTINGS:
        await _plant_product(session, listing, skus, staff, operator, now)
    records = {entry["id"]: entry for entry in _DATA["partners"]}
    markets = list(supermarkets.values())
    await open_accounts(session, markets, records, skus, first=first, by=operator, now=now)
    villages = {entry["id"]: entry["village"] for entry in _DATA["suppliers"]}
    return County(buyer, operator, second, officer, reviewer, staff, villages, skus, supermarkets, records)


async def _plant_suppliers(
    session: AsyncSession, operator: Actor, password_hash: str, now: datetime
) -> dict[str, Actor]:
    staff = {}
    for entry in _DATA["suppliers"]:
        card = await suppliers.admit(
            session,
            code=entry["id"],
            name=entry["name"],
            kind=suppliers.Kind(entry["type"]),
            uscc=entry["uscc"],
            township_code=entry["town_code"],
            village=entry["village"] or None,
            licence_no=entry["sc_no"],
            taxpayer=suppliers.Taxpayer(entry["taxpayer"]),
            linked_since=_LINKED_SINCE,
            lines=sorted({ROOTS[sku["cat"]] for sku in _DATA["skus"] if sku["supplier"] == entry["id"]})
            or ["gift-set"],
            papers=_papers(entry, local_day(now)),
            by=operator,
            now=now,
        )
        await suppliers.approve(session, card.id, by=operator, now=now)
        if entry["id"] != UNSOLD_SUPPLIER:  # that is listed late
            listing = listing_on_832(card.id, entry["id"], local_day(now))
            note = "832 平台供应商名录（示例）"
            await catalogue.register_certification(session, listing, note=note, by=operator, now=now)
        if "orange" in entry["products"]:
            await pricing.choose_freight(session, card.id, "fresh", now=now)
        account_id = await identity.create_account(
            session,
            username=f"supplier-{entry['id'].lower()}",
            name=entry["name"],
            password_hash=password_hash,
            role=Role.SUPPLIER,
            scope_id=card.id,
            now=now,
        )
        staff[entry["id"]] = Actor(account_id, frozenset({Role.SUPPLIER}), supplier_id=card.id)
    return staff


def _papers(entry: dict[str, Any], today: date) -> suppliers.Papers:
    """What an invented supplier would show (handbook §1.6, §1.7, §2.5), for as long as the demo may run."""
    year = timedelta(days=365)
    kinds = suppliers.CertificateKind
    certificates = [
        suppliers.NewCertificate(kind=kinds.BUSINESS_LICENCE, number=entry["uscc"], valid_from=today - year),
        *(
            suppliers.NewCertificate(
                kind=kinds.BENEFIT_LINK, valid_from=today + nth * year, valid_to=today + (nth + 1) * year
            )
            for nth in range(_LINKS_FOR_YEARS)
        ),
    ]
    if entry["sc_no"]:
        certificates.append(
            suppliers.NewCertificate(
                kind=kinds.FOOD_PRODUCTION,
                number=entry["sc_no"],
                scope=(entry["sc_no"][2:5],),
                valid_from=today,
                valid_to=today + 5 * year,
            )
        )
    serial = int(entry["id"][1:])
    bank = suppliers.BankAccount(entry["name"], f"6200000000{serial:09d}", "保靖农商银行（示例）", "402569000018")
    return suppliers.Papers(certificates, bank, f"保农函〔示例〕{serial}号")


def listing_on_832(supplier_id: UUID, code: str, valid_from: date) -> catalogue.NewCertification:
    """What makes an invented supplier's sales count since 2021 (handbook §2.2): it is listed on the 832 platform."""
    return catalogue.NewCertification(
        kind=catalogue.CertificationKind.SUPPLIER_832,
        supplier_id=supplier_id,
        batch=f"{valid_from.year} 年入驻",
        people_linked=100 + 7 * int(code[1:]),
        value_fen=300_000_000,
        valid_from=valid_from,
        valid_to=date(valid_from.year + 5, 1, 1),
    )


async def _plant_partners(
    session: AsyncSession, operator: Actor, password_hash: str, now: datetime
) -> dict[str, Supermarket]:
    found = {}
    for entry in _DATA["partners"]:
        card = await partners.enrol(
            session,
            code=entry["id"],
            name=entry["name"],
            uscc=entry["uscc"],
            division_code=entry["area"],
            stores_count=entry["stores"],
            term_days=entry["term_days"],
            rebate_bp=parse_yuan(entry["rebate_pct"]),
            by=operator,
            now=now,
        )
        account_id = await identity.create_account(
            session,
            username=f"partner-{entry['id'].lower()}",
            name=entry["name"],
            password_hash=password_hash,
            role=Role.PARTNER,
            scope_id=card.id,
            now=now,
        )
        staff = Actor(account_id, frozenset({Role.PARTNER}), partner_id=card.id)
        found[entry["id"]] = Supermarket(entry["id"], card.id, staff, CHAINS[entry["id"]])
    return found


async def _plant_product(
    session: AsyncSession,
    listing: Listing,
    skus: dict[str, dict[str, Any]],
    staff: dict[str, Actor],
    operator: Actor,
    now: datetime,
) -> None:
    entries = [skus[code] for code in listing.skus]
    supplier = next(found for found in _DATA["suppliers"] if found["id"] == entries[0]["supplier"])
    picture = draw(ROOTS[entries[0]["cat"]], listing.slug, dict(listing.attributes))
    digest = await catalogue.store_image(session, picture.encode(), "image/svg+xml", now=now)
    season = season_of(entries[0])
    by = staff[supplier["id"]]
    supplier_id = _scope(by)
    card = await catalogue.create_product(
        session,
        catalogue.NewProduct(
            supplier_id=supplier_id,
            slug=listing.slug,
            name=listing.name,
            category=listing.category,
            skus=[_new_sku(entry, supplier["taxpayer"]) for entry in entries],
            township_code=supplier["town_code"],
            village=supplier["village"],
            description=listing.description,
            attributes=listing.attributes,
            label=_label(entries[0]["cat"], supplier),
            season_opens=season[0] if season else None,
            season_closes=season[1] if season else None,
            image_digest=digest,
        ),
        by=by,
        now=now,
    )
    await catalogue.submit(session, card.id, by=by, now=now)
    await catalogue.publish(session, card.id, by=operator, now=now)
    for entry in entries:
        await inventory.open_stock(session, entry["id"], supplier_id)
        if entry["retail"]:
            await pricing.set_price(session, entry["id"], opening_price(entry), by=by, now=now)


_INGREDIENTS = {
    "golden": "茶鲜叶",
    "dark": "黑毛茶",
    "oil": "油茶籽",
    "gift": "黄金茶、茯砖茶、油茶籽油，各见内包装标签",
}
_OIL_NUTRITION = {"energy_kj": "3700", "protein_g": "0", "fat_g": "100", "carbohydrate_g": "0", "sodium_mg": "0"}


def _label(category: str, supplier: dict[str, Any]) -> dict[str, Any]:
    """What the packs of an invented supplier would say (handbook §1.6); no permit or telephone number is a real one."""
    serial = int(supplier["id"][1:])
    producer = {
        "producer_name": supplier["name"],
        "producer_contact": f"0743-000{serial:04d}",
        "producer_address": f"湖南省保靖县{supplier['town']}{supplier['village']}",
    }
    if category == "orange":
        commitments = ["不使用禁用农药", "常规农药残留不超标", "对承诺的真实性负责"]
        return {**producer, "conformity": {"issuer": supplier["name"], "commitments": commitments}}
    label = {
        **producer,
        "standard_version": "GB 7718-2011",
        "ingredients": _INGREDIENTS[category],
        "permit_no": f"YB1433125{serial:07d}",
    }
    return {**label, "nutrition": _OIL_NUTRITION} if category == "oil" else label


def opening_price(entry: dict[str, Any]) -> int:
    """Two years ago everything was about five percent cheaper; prices end in .90 or .00 as shops like them."""
    full = parse_yuan(entry["retail"])
    return max(full * 95 // 100 // 100 * 100, 100)


def _new_sku(entry: dict[str, Any], taxpayer: str) -> catalogue.NewSku:
    net_g = _GIFT_NET_G.get(entry["id"]) or (
        round(entry["net"] * _OIL_G_PER_ML) if entry["unit"] == "ml" else entry["net"]
    )
    return catalogue.NewSku(
        sku=entry["id"],
        name=entry["spec"],
        net_content=entry["spec"],
        net_weight_g=net_g,
        gross_weight_g=round(entry["gross_kg"] * 1000),
        shelf_life_days=entry["shelf_days"],
        tax_rate_bp=_tax_rate_bp(entry, taxpayer),
        case_pack=entry["case_pack"],
        gtin13=entry["gtin13"],
        itf14=entry["itf14"] or None,
        retail="B2C" in entry["channel"],
        wholesale="B2B" in entry["channel"],
        fresh=is_fresh(entry),
    )


def is_fresh(entry: dict[str, Any]) -> bool:
    """Oranges, and sets with oranges among them: who opens one cannot send it back as it was (handbook §3.5)."""
    return entry["cat"] == "orange" or any(_CATEGORY[code] == "orange" for code in _COMPONENT.findall(entry["name"]))


def _tax_rate_bp(entry: dict[str, Any], taxpayer: str) -> int:
    """Oranges of growers are exempt; small-scale taxpayers pay 1 %; sets are taxed like tea (handbook §3.4)."""
    if entry["cat"] == "orange":
        return 0
    if taxpayer == "small":
        return 100
    rate = entry["vat_general"]
    return rate * 100 if isinstance(rate, int) else 1300


def _scope(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise ValueError("supplier staff belong to a supplier")
    return by.supplier_id


def _read_filter(written: dict[str, list[str]]) -> dict[str, Any]:
    channels = [assistance.Channel(channel) for channel in written.get("channels", [])]
    return written | ({"channels": channels} if channels else {})


async def plant_goals(session: AsyncSession, *, year: int, by: Actor, now: datetime) -> int:
    """The running year's goals and its work plan of 8 aspects and 25 measures. Returns how many goals."""
    period = assistance.year_of(year)
    for goal in _PLAN["goals"]:
        await assistance.set_goal(
            session,
            code=f"{year}-{goal['code']}",
            name=goal["name"],
            period=period,
            metric=assistance.Metric(goal["metric"]),
            target=goal["target"],
            only=await assistance.resolve_filter(session, **_read_filter(goal["filter"])),
            partition_group=goal["partition_group"],
            by=by,
            now=now,
        )
    plan = await assistance.create_plan(session, year=year, title=f"{year} 年协作帮扶工作要点", by=by, now=now)
    numbers = itertools.count(1)
    for aspect in _PLAN["aspects"]:
        await assistance.add_aspect(session, plan.id, no=aspect["no"], name=aspect["name"], by=by, now=now)
        for measure in aspect["measures"]:
            await assistance.add_measure(
                session,
                plan.id,
                aspect_no=aspect["no"],
                no=next(numbers),
                text=measure["text"],
                indicator=measure["text"],
                unit=measure["unit"],
                target=measure["target"],
                owner=measure["owner"],
                due_on=date(year, 12, 31),
                goal_code=f"{year}-{measure['goal']}" if "goal" in measure else None,
                evidence=measure.get("evidence"),
                by=by,
                now=now,
            )
    return len(_PLAN["goals"])

"""Products, offers and pictures in a real database."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import astuple, replace

import pytest
from sqlalchemy import text

from app import catalogue, suppliers
from app.core.db import translated
from app.identity import SYSTEM
from tests.storefront import builders


@pytest.fixture
async def house(session, now):
    """A tea grower with nothing listed yet."""
    await builders.plant(session)
    return await builders.admit(session, now, "S01")


def told(session) -> list[str]:
    return [fact.name for fact in session.info.pop("pending_facts", [])]


async def test_a_product_is_entered_as_a_draft_and_cannot_be_bought(session, now, house):
    card = await catalogue.create_product(session, builders.described("golden-tea-1-yuqian", house), by=SYSTEM, now=now)
    assert (card.status, card.version, card.skus) == ("draft", 1, ("GT04", "GT05"))
    offer = (await catalogue.offers(session, ["GT04"]))["GT04"]
    assert not offer.on_sale


async def test_publishing_and_withdrawing_are_told(session, now, house):
    card = await catalogue.create_product(session, builders.described("golden-tea-1-bud", house), by=SYSTEM, now=now)
    told(session)
    published = await catalogue.publish(session, card.id, by=builders.OPERATOR, now=now)
    assert (published.status, published.version, published.published_at) == ("published", 2, now)
    withdrawn = await catalogue.withdraw(session, card.id, by=builders.OPERATOR, now=now)
    assert (withdrawn.status, withdrawn.version) == ("withdrawn", 3)
    assert told(session) == ["catalogue.product_published", "catalogue.product_withdrawn"]
    with pytest.raises(catalogue.WrongProductStatus):
        await catalogue.withdraw(session, card.id, by=builders.OPERATOR, now=now)
    assert told(session) == []


async def test_a_suspended_suppliers_product_stays_a_draft(session, now, house):
    card = await catalogue.create_product(session, builders.described("golden-tea-1-bud", house), by=SYSTEM, now=now)
    await suppliers.suspend(session, house, by=SYSTEM, now=now)
    told(session)
    with pytest.raises(catalogue.NotPublishable):
        await catalogue.publish(session, card.id, by=builders.OPERATOR, now=now)
    assert told(session) == []
    assert await session.scalar(text("SELECT status FROM catalogue_product")) == "draft"


async def test_an_offer_freezes_everything_about_a_sku_in_one_statement(session, now, statements):
    county = await builders.settle(session, now)
    statements.clear()
    offers = await catalogue.offers(session, ["NO01", "GT04", "nothing", "GB01"], now=now)
    assert len(statements) == 1
    assert sorted(offers) == ["GB01", "GT04", "NO01"]
    assert astuple(offers["GT04"]) == (
        "GT04",
        "100g 袋",
        county.products["golden-tea-1-yuqian"],
        "保靖黄金茶1号 雨前二级",
        "golden-tea-1-yuqian",
        county.suppliers["S01"],
        "S01",
        "保靖县吕洞茗源茶叶专业合作社",
        "golden-tea",
        "433125116",
        "吕洞山镇",
        "黄金村",
        650,
        500,
        1,
        900,
        False,
        True,
        True,
        None,
        "93433125MA4FAKE14C",
    )
    assert offers["NO01"].fresh
    assert not offers["NO01"].assisted


@pytest.mark.parametrize("ending", ["withdrawn", "suspended", "wholesale only"])
async def test_what_cannot_be_bought_is_not_on_sale(session, now, ending):
    county = await builders.settle(session, now)
    if ending == "withdrawn":
        await catalogue.withdraw(session, county.products["navel-orange-75"], by=SYSTEM, now=now)
    elif ending == "suspended":
        await suppliers.suspend(session, county.suppliers["S08"], by=SYSTEM, now=now)
    else:
        await session.execute(text("UPDATE catalogue_sku SET retail = false WHERE sku = 'NO01'"))
    offers = await catalogue.offers(session, ["NO01", "GT04"])
    assert (offers["NO01"].on_sale, offers["GT04"].on_sale) == (False, True)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"category": "nothing"}, "/category"),
        ({"township_code": "999999999"}, "/township_code"),
        ({"image_digest": "0" * 64}, "/image_digest"),
    ],
)
async def test_what_a_product_refers_to_must_exist(session, now, house, changes, pointer):
    with pytest.raises(catalogue.InvalidProduct) as refused:
        await catalogue.create_product(
            session, builders.described("golden-tea-1-bud", house, **changes), by=SYSTEM, now=now
        )
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
    assert await session.scalar(text("SELECT count(*) FROM catalogue_product")) == 0


async def test_nobody_lists_for_another_supplier(session, now, house):
    other = await builders.admit(session, now, "S02")
    staff = builders.County({"S02": other}, {}).staff("S02")
    with pytest.raises(catalogue.NoSuchProduct):
        await catalogue.create_product(session, builders.described("golden-tea-1-bud", house), by=staff, now=now)
    card = await catalogue.create_product(session, builders.described("golden-tea-1-bud", house), by=SYSTEM, now=now)
    with pytest.raises(catalogue.NoSuchProduct):
        await catalogue.submit(session, card.id, by=staff, now=now)
    assert await session.scalar(text("SELECT status FROM catalogue_product")) == "draft"


@pytest.mark.parametrize("clash", ["slug", "sku", "gtin13"])
async def test_slugs_skus_and_bar_codes_are_unique(session, now, house, clash):
    first = builders.described("golden-tea-1-bud", house)
    await catalogue.create_product(session, first, by=SYSTEM, now=now)
    second = builders.described("golden-tea-1-yuqian", house)
    if clash == "slug":
        second = replace(second, slug=first.slug)
    else:
        taken = getattr(first.skus[0], clash)
        second = replace(second, skus=(replace(second.skus[0], **{clash: taken}),))
    with translated_refusal(catalogue.SlugTaken if clash == "slug" else catalogue.SkuTaken):
        async with session.begin_nested():
            await catalogue.create_product(session, second, by=SYSTEM, now=now)
    assert await session.scalar(text("SELECT count(*) FROM catalogue_product")) == 1


def translated_refusal(error):
    stack = ExitStack()
    stack.enter_context(pytest.raises(error))
    stack.enter_context(translated())
    return stack


async def test_planting_again_changes_nothing_but_names(session):
    await catalogue.plant_categories(session)
    await session.execute(text("UPDATE catalogue_category SET name = 'old' WHERE slug = 'fu-brick'"))
    await catalogue.plant_categories(session)
    tree = await catalogue.categories(session)
    assert [(root.slug, root.name) for root in tree] == [
        ("golden-tea", "黄金茶"),
        ("dark-tea", "黑茶"),
        ("camellia-oil", "山茶油"),
        ("navel-orange", "脐橙"),
        ("gift-set", "礼盒"),
    ]
    assert [child.name for child in tree[1].children] == ["茯砖", "黑砖", "花卷", "散茶"]


async def test_a_picture_is_kept_once(session, now):
    content = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    first = await catalogue.store_image(session, content, "image/svg+xml", now=now)
    assert first == await catalogue.store_image(session, content, "image/svg+xml", now=now)
    assert first == hashlib.sha256(content).hexdigest()
    assert await session.scalar(text("SELECT count(*) FROM catalogue_image")) == 1


@pytest.mark.parametrize(
    ("content", "kind"), [(b"x", "text/html"), (b"", "image/png"), (b"x" * 2_097_153, "image/png")]
)
async def test_only_pictures_of_a_decent_size_are_kept(session, now, content, kind):
    with pytest.raises(catalogue.InvalidImage):
        await catalogue.store_image(session, content, kind, now=now)
    assert await session.scalar(text("SELECT count(*) FROM catalogue_image")) == 0

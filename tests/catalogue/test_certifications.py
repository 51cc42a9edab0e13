from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app import catalogue
from app.catalogue import CertificationKind, NewCertification, queries, service
from app.catalogue.lifecycle import CertificationStep
from app.catalogue.rules.eligibility import InvalidCertification

POVERTY, LOCAL, LISTED = (
    CertificationKind.POVERTY_PRODUCT,
    CertificationKind.ASSISTANCE_PRODUCT,
    CertificationKind.SUPPLIER_832,
)


@pytest.fixture
async def uncertified(shop, session):
    """S01's tea, of which nothing is certified."""
    await session.execute(text("UPDATE catalogue_certification SET status = 'suspended'"))
    return shop


def new(shop, kind, valid_from, valid_to, sku="GT04"):
    supplier_id = shop.accounts["S01"].supplier_id
    product_id = None if kind is LISTED else shop.products[sku]
    return NewCertification(
        kind=kind,
        supplier_id=supplier_id,
        product_id=product_id,
        batch="第一批",
        people_linked=226,
        value_fen=500_000_000,
        valid_from=valid_from,
        valid_to=valid_to,
    )


async def register(session, shop, *what, **more):
    return await catalogue.register_certification(
        session, new(shop, *what, **more), note="名录", by=shop.actor("officer"), now=shop.clock()
    )


async def assisted(session, day, sku="GT04"):
    return (await queries.offers(session, [sku], day=day))[sku].assisted


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (date(2019, 2, 28), False),
        (date(2019, 3, 1), True),
        (date(2020, 3, 31), True),
        (date(2020, 4, 1), False),
        (date(2026, 1, 1), False),
    ],
)
async def test_before_there_were_certificates_linkage_with_households_counts(uncertified, session, day, counts):
    assert await assisted(session, day) is counts


@pytest.mark.parametrize(
    ("kind", "valid", "day", "counts"),
    [
        (POVERTY, (date(2020, 5, 1), date(2021, 5, 1)), date(2020, 4, 30), False),
        (POVERTY, (date(2020, 5, 1), date(2021, 5, 1)), date(2020, 5, 1), True),
        (POVERTY, (date(2020, 5, 1), date(2021, 5, 1)), date(2020, 12, 31), True),
        (POVERTY, (date(2020, 5, 1), date(2021, 5, 1)), date(2021, 1, 1), False),
        (LISTED, (date(2020, 6, 1), date(2030, 1, 1)), date(2020, 12, 31), False),
        (LISTED, (date(2020, 6, 1), date(2030, 1, 1)), date(2021, 1, 1), True),
        (LOCAL, (date(2022, 3, 1), date(2025, 3, 1)), date(2022, 2, 28), False),
        (LOCAL, (date(2022, 3, 1), date(2025, 3, 1)), date(2022, 3, 1), True),
        (LOCAL, (date(2022, 3, 1), date(2025, 3, 1)), date(2025, 2, 28), True),
        (LOCAL, (date(2022, 3, 1), date(2025, 3, 1)), date(2025, 3, 1), False),
    ],
)
async def test_later_a_certification_of_the_day_counts(uncertified, session, kind, valid, day, counts):
    await register(session, uncertified, kind, *valid)
    assert await assisted(session, day) is counts


async def test_a_product_s_certification_is_not_another_product_s_and_a_supplier_s_listing_is_all_of_its(
    uncertified, session
):
    day = date(2026, 6, 1)
    await register(session, uncertified, LOCAL, date(2026, 1, 1), date(2029, 1, 1))
    assert [await assisted(session, day, sku) for sku in ("GT04", "GT14", "NO02")] == [True, False, False]
    await register(session, uncertified, LISTED, date(2026, 1, 1), date(2029, 1, 1))
    assert [await assisted(session, day, sku) for sku in ("GT04", "GT14", "NO02")] == [True, True, False]


async def test_what_is_suspended_does_not_count_until_it_is_resumed(uncertified, session, now):
    listed = await register(session, uncertified, LOCAL, date(2026, 1, 1), date(2029, 1, 1))
    by, told = uncertified.actor("officer"), []
    for step in (CertificationStep.SUSPEND, CertificationStep.RESUME):
        await service.take_certification_step(session, listed.id, step, note="复查", by=by, now=now)
        told.append(await assisted(session, date(2026, 6, 1)))
    assert told == [False, True]


@pytest.mark.parametrize(
    ("kind", "valid_from", "valid_to", "product", "pointer"),
    [
        (LISTED, date(2026, 1, 1), date(2027, 1, 1), True, "/product_id"),
        (LOCAL, date(2026, 1, 1), date(2027, 1, 1), False, "/product_id"),
        (LOCAL, date(2026, 1, 1), date(2026, 1, 1), True, "/valid_to"),
        (LOCAL, date(2020, 12, 31), date(2027, 1, 1), True, "/valid_from"),
        (POVERTY, date(2020, 3, 31), date(2021, 1, 1), True, "/valid_from"),
        (POVERTY, date(2021, 1, 1), date(2022, 1, 1), True, "/valid_from"),
    ],
)
async def test_what_fits_no_kind_is_refused(shop, session, now, kind, valid_from, valid_to, product, pointer):
    told = new(shop, LOCAL if product else LISTED, valid_from, valid_to)
    bad = NewCertification(**{**{name: getattr(told, name) for name in told.__slots__}, "kind": kind})
    with pytest.raises(InvalidCertification) as refused:
        await service.add_certification(session, bad, by=shop.actor("officer"), now=now)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def application(shop, **more):
    return {
        "kind": "assistance_product",
        "supplier_id": str(shop.accounts["S01"].supplier_id),
        "product_id": str(shop.products["GT04"]),
        "batch": "2026 年第一批",
        "people_linked": 226,
        "value_fen": 500_000_000,
        "valid_from": "2026-11-01",
        "valid_to": "2029-11-01",
        **more,
    }


PATH = "/v1/office/certifications"


async def test_an_application_goes_from_the_township_to_the_list(shop):
    shop.clock.advance(seconds=1)
    entered = await shop.call("officer", "POST", PATH, application(shop))
    assert (entered.status_code, entered.json()["status"], entered.json()["steps"]) == (201, "draft", [])
    path = f"{PATH}/{entered.json()['id']}"

    async def step(name, **more):
        shop.clock.advance(seconds=1)
        return await shop.call("officer", "POST", f"{path}/steps", {"step": name, "note": "文件", **more})

    assert (await step("enter_list")).json()["code"] == "step_not_allowed"
    assert (await step("pass_township")).json()["status"] == "township"
    assert (await step("pass_county")).json()["status"] == "county"
    assert (await step("give_notice")).json()["code"] == "notice_not_over"
    noticed = await step("give_notice", notice_from="2026-11-10", notice_to="2026-11-20")
    assert noticed.json()["status"] == "public_notice"
    for name in ("pass_city", "enter_list"):
        assert (await step(name)).json()["code"] == "notice_not_over", "its last day is today"
    shop.clock.advance(days=1)
    for name, status in (("pass_city", "city"), ("pass_province", "province"), ("enter_list", "listed")):
        assert (await step(name)).json()["status"] == status
    told = (await shop.call("officer", "GET", path)).json()
    assert [one["step"] for one in told["steps"]] == [
        "pass_township",
        "pass_county",
        "give_notice",
        "pass_city",
        "pass_province",
        "enter_list",
    ]
    assert told["listed_at"] is not None
    listed = (await shop.call("officer", "GET", f"{PATH}?status=listed&limit=1")).json()
    assert [one["id"] for one in listed["items"]] == [told["id"]]
    assert listed["next_cursor"]


async def test_who_keeps_the_register(shop):
    for who, status in (("buyer", 403), ("S01", 403), ("P01", 403), (None, 401)):
        assert (await shop.call(who, "POST", PATH, application(shop))).status_code == status
        assert (await shop.call(who, "GET", PATH)).status_code == status
    other = application(shop, product_id=str(shop.products["NO02"]))
    assert (await shop.call("officer", "POST", PATH, other)).status_code == 404
    assert (await shop.call("officer", "GET", f"{PATH}/{uuid4()}")).status_code == 404


async def complete(shop, order, who="buyer"):
    order = await shop.ship(await shop.pay(order, who), who)
    confirmed = await shop.call(who, "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
    assert confirmed.status_code == 200, confirmed.text
    await shop.settle()


async def test_a_certification_that_comes_after_the_order_does_not_make_it_count(shop, session):
    await session.execute(text("UPDATE catalogue_certification SET status = 'suspended'"))
    order = await shop.order({"GT04": 1})
    listed = new(shop, LISTED, shop.clock().date() - timedelta(days=300), date(2030, 1, 1))
    await catalogue.register_certification(session, listed, note="补录", by=shop.actor("officer"), now=shop.clock())
    await complete(shop, order)
    assert await shop.scalar("SELECT count(*) FROM assistance_entry") == 0
    told = (await shop.call("officer", "GET", f"/v1/office/exclusions?order_number={order['number']}")).json()["items"]
    assert [(one["reason"], one["sku"], one["net_fen"]) for one in told] == [
        ("not_assisted", "GT04", order["lines"][0]["amount_fen"])
    ]
    assert told[0]["facts"]["assisted"] is False
    assert told[0]["facts"]["programme"] == "P3"
    assert await shop.breaks() == []


async def test_what_is_sent_to_the_phone_of_the_supplier_s_staff_is_its_own_purchase(shop, session):
    from app.identity import Role
    from tests.identity.builders import account

    supplier_id = shop.accounts["S01"].supplier_id
    await account(session, shop.clock(), Role.SUPPLIER, username="picker", phone="13900007777", scope_id=supplier_id)
    address = {"recipient": "王晓梅", "phone": "13900007777", "division_code": "370112", "detail": "花园路88号"}
    order = await shop.order({"GT04": 1, "NO02": 1}, address=address)
    await complete(shop, order)
    told = (await shop.call("officer", "GET", "/v1/office/exclusions?reason=self_purchase")).json()["items"]
    assert [one["sku"] for one in told] == ["GT04"], "what another supplier sends there is a sale"
    assert await shop.rows("SELECT sku FROM assistance_entry") == [("NO02",)]
    assert await shop.breaks() == []

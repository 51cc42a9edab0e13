"""Price lists of contracts, what partners call our goods by, and the questions that codes leave."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from stdnum import ean

from app import catalogue, partners, pricing, suppliers
from app.core.clock import local_day
from app.core.errors import DomainError, NotFound
from app.identity import SYSTEM
from app.pricing import (
    CodeConflict,
    Codes,
    ContractItem,
    InvalidItem,
    InvalidPriceList,
    NewPrice,
    Question,
    QuestionKind,
    resolve_codes,
    unit_of_case,
)
from app.pricing.rules.contracts import Mapping, PriceWithdrawn
from app.pricing.service import unmap_item, withdraw_price
from tests.partners.builders import SECOND, customer
from tests.pricing.wares import GTINS, ITFS, open_store

DAY = timedelta(days=1)


def item(sku, **codes) -> ContractItem:
    return ContractItem(
        sku=sku,
        name="一箱",
        product_id=UUID(int=1),
        product_name=f"商品{sku}",
        supplier_id=UUID(int=2),
        price_fen=7_200,
        promotion=False,
        case_pack=12,
        min_cases=1,
        multiple_cases=1,
        min_life_days=None,
        tax_rate_bp=900,
        net_weight_g=500,
        partner_item_code=codes.get("partner_item_code"),
        gtin13=codes.get("gtin13"),
        itf14=codes.get("itf14"),
    )


ITEMS = (
    item("A1", partner_item_code="000123", gtin13=GTINS[0], itf14=ITFS[0]),
    item("B2", partner_item_code="000124", gtin13=GTINS[1]),
    item("C3", gtin13="0036000291452"),  # an American UPC-12 under a zero
    item("D4"),
)


@pytest.mark.parametrize(
    ("codes", "sku"),
    [
        (Codes(sku="A1"), "A1"),
        (Codes(sku=" a1 "), "A1"),
        (Codes(partner_item_code="000123"), "A1"),
        (Codes(gtin=GTINS[0]), "A1"),
        (Codes(gtin="0" + GTINS[0]), "A1"),
        (Codes(gtin=ITFS[0]), "A1"),
        (Codes(gtin="3" + GTINS[0][:12] + ean.calc_check_digit("3" + GTINS[0][:12])), "A1"),
        (Codes(gtin="1" + GTINS[1][:12] + ean.calc_check_digit("1" + GTINS[1][:12])), "B2"),
        (Codes(gtin="036000291452"), "C3"),
        (Codes(gtin="00036000291452"), "C3"),
        (Codes(sku="A1", partner_item_code="000123", gtin=ITFS[0]), "A1"),
    ],
)
def test_each_way_of_naming_goods_means_the_same(codes, sku):
    (found,) = resolve_codes(ITEMS, [codes])
    assert isinstance(found, ContractItem)
    assert found.sku == sku


@pytest.mark.parametrize(
    ("codes", "kind", "field", "skus"),
    [
        (Codes(sku="E5"), QuestionKind.UNKNOWN_CODE, "sku", ()),
        (Codes(partner_item_code="123"), QuestionKind.UNKNOWN_CODE, "partner_item_code", ()),
        (Codes(gtin=GTINS[2]), QuestionKind.UNKNOWN_CODE, "gtin", ()),
        (Codes(gtin="1" + GTINS[0]), QuestionKind.UNKNOWN_CODE, "gtin", ()),  # the check digit of a case is another
        (
            Codes(gtin="9" + GTINS[0][:12] + ean.calc_check_digit("9" + GTINS[0][:12])),
            QuestionKind.UNKNOWN_CODE,
            "gtin",
            (),
        ),
        (Codes(gtin="6.9E+12"), QuestionKind.UNKNOWN_CODE, "gtin", ()),
        (Codes(sku="A1", partner_item_code="999"), QuestionKind.UNKNOWN_CODE, "partner_item_code", ()),
        (Codes(sku="B2", gtin=GTINS[0]), QuestionKind.CODE_CONFLICT, "gtin", ("B2", "A1")),
        (Codes(partner_item_code="000123", gtin=GTINS[1]), QuestionKind.CODE_CONFLICT, "gtin", ("A1", "B2")),
    ],
)
def test_what_is_not_known_is_asked_and_not_guessed(codes, kind, field, skus):
    (found,) = resolve_codes(ITEMS, [codes])
    assert isinstance(found, Question)
    assert (found.kind, found.field, found.skus) == (kind, field, skus)
    fault = found.fault("/lines/3")
    assert (fault.pointer, fault.code) == (f"/lines/3/{field}", kind.value)
    for sku in skus:
        assert sku in fault.zh
        assert sku in fault.en


def test_a_code_of_two_goods_is_asked_about():
    twins = (item("A1", gtin13=GTINS[0]), item("B2", itf14=ITFS[0]))
    (found,) = resolve_codes(twins, [Codes(gtin=ITFS[0])])
    assert isinstance(found, Question)
    assert (found.kind, set(found.skus)) == (QuestionKind.AMBIGUOUS_CODE, {"A1", "B2"})


def test_a_line_without_a_code_is_a_defect_of_the_caller():
    with pytest.raises(ValueError, match="without any code"):
        resolve_codes(ITEMS, [Codes(sku="  ")])


@pytest.mark.parametrize("gtin", GTINS)
def test_a_case_contains_the_code_of_its_unit(gtin):
    for indicator in "12345678":
        body = indicator + gtin[:12]
        assert unit_of_case(body + ean.calc_check_digit(body)) == gtin
    assert unit_of_case("0" + gtin) is None
    assert unit_of_case(gtin) is None


def price(sku="A1", fen=7_200, first=date(2026, 11, 1), last=date(2026, 12, 31), **more) -> NewPrice:
    return NewPrice(sku, fen, first, last, **more)


async def list_prices(session, contract, *rows, now, notice_days=0):
    return await pricing.list_prices(session, contract, rows, notice_days=notice_days, by=SYSTEM, now=now)


async def shown(session, contract, day) -> dict[str, int]:
    return {found.sku: found.price_fen for found in await pricing.contract_items(session, contract, day)}


async def test_a_price_list_shows_what_can_be_ordered_on_a_day(session, now):
    await open_store(session, now, "A1", "B2", retail_only=("B2",))
    who = await customer(session, now)
    await list_prices(session, who.contract, price(min_cases=5, multiple_cases=5, min_life_days=12), now=now)
    (found,) = await pricing.contract_items(session, who.contract, date(2026, 11, 20))
    assert (found.sku, found.price_fen, found.promotion) == ("A1", 7_200, False)
    assert (found.case_pack, found.min_cases, found.multiple_cases, found.min_life_days) == (12, 5, 5, 12)
    assert (found.gtin13, found.itf14, found.partner_item_code) == (GTINS[0], ITFS[0], None)
    assert (found.product_name, found.tax_rate_bp, found.net_weight_g) == ("脐橙", 900, 500)
    assert await shown(session, who.contract, date(2026, 11, 1)) == {"A1": 7_200}
    assert await shown(session, who.contract, date(2026, 12, 31)) == {"A1": 7_200}
    assert await shown(session, who.contract, date(2026, 10, 31)) == {}
    assert await shown(session, who.contract, date(2027, 1, 1)) == {}


async def test_a_promotion_is_the_price_on_its_days(session, now):
    await open_store(session, now, "A1")
    who = await customer(session, now)
    festival = price(fen=6_500, first=date(2026, 11, 20), last=date(2026, 11, 22), promotion=True)
    await list_prices(session, who.contract, price(), festival, now=now)
    seen = [await shown(session, who.contract, date(2026, 11, day)) for day in (19, 20, 22, 23)]
    assert seen == [{"A1": 7_200}, {"A1": 6_500}, {"A1": 6_500}, {"A1": 7_200}]


async def test_a_withdrawn_price_holds_until_the_day_before(session, now):
    await open_store(session, now, "A1")
    who = await customer(session, now)
    (row,), _ = await list_prices(session, who.contract, price(), now=now)
    today = local_day(now)
    withdrawn = await withdraw_price(session, who.contract.id, row.id, now=now)
    assert withdrawn.last_on == today - DAY
    with pytest.raises(PriceWithdrawn):
        await withdraw_price(session, who.contract.id, row.id, now=now)
    with pytest.raises(NotFound):
        await withdraw_price(session, uuid4(), row.id, now=now)
    assert await shown(session, who.contract, today) == {}
    with pytest.raises(InvalidPriceList):
        await list_prices(session, who.contract, price(fen=7_000, first=today - DAY), now=now)
    await list_prices(session, who.contract, price(fen=7_000, first=today), now=now)
    assert await shown(session, who.contract, today - DAY) == {"A1": 7_200}
    assert await shown(session, who.contract, today) == {"A1": 7_000}


async def test_what_is_not_sold_any_more_is_not_on_the_list(session, now):
    store = await open_store(session, now, "A1")
    who = await customer(session, now)
    await list_prices(session, who.contract, price(), now=now)
    today = local_day(now)
    assert await shown(session, who.contract, today) == {"A1": 7_200}
    await suppliers.suspend(session, store.supplier_id, reason="许可证到期", by=SYSTEM, now=now)
    assert await shown(session, who.contract, today) == {}


async def test_each_partner_has_its_own_codes_and_case(session, now):
    await open_store(session, now, "A1")
    who, other = await customer(session, now), await customer(session, now, record=SECOND)
    for each in (who, other):
        await list_prices(session, each.contract, price(), now=now)
    theirs = Mapping("A1", "000123", None, None, 24, 40)
    assert await pricing.map_item(session, who.card.id, theirs, by=SYSTEM, now=now) == theirs
    today = local_day(now)
    (mine,) = await pricing.contract_items(session, who.contract, today)
    assert (mine.partner_item_code, mine.case_pack, mine.gtin13, mine.itf14) == ("000123", 24, GTINS[0], ITFS[0])
    (usual,) = await pricing.contract_items(session, other.contract, today)
    assert (usual.partner_item_code, usual.case_pack) == (None, 12)
    changed = replace(theirs, partner_item_code="000999")
    await pricing.map_item(session, who.card.id, changed, by=SYSTEM, now=now)
    assert [row async for row in _items(session, who, today)] == ["000999"]
    await unmap_item(session, who.card.id, "A1")
    assert [row async for row in _items(session, who, today)] == [None]
    with pytest.raises(NotFound):
        await unmap_item(session, who.card.id, "A1")


async def _items(session, who, day):
    for found in await pricing.contract_items(session, who.contract, day):
        yield found.partner_item_code


@pytest.mark.parametrize(
    ("codes", "pointer"),
    [
        ({"gtin13": GTINS[1]}, "/gtin13"),  # our catalogue's code of B2
        ({"itf14": ITFS[1]}, "/itf14"),  # our case of B2
        ({"itf14": "3" + GTINS[1][:12] + ean.calc_check_digit("3" + GTINS[1][:12])}, "/itf14"),  # another case of B2
        ({"partner_item_code": "000124"}, "/partner_item_code"),  # what the partner calls C3 by
        ({"gtin13": GTINS[3]}, "/gtin13"),  # the partner's bar code of C3
    ],
)
async def test_a_code_of_other_goods_is_a_question_that_names_both(session, now, codes, pointer):
    await open_store(session, now, "A1", "B2", "C3")
    who = await customer(session, now)
    third = Mapping("C3", "000124", GTINS[3], None, 12, None)
    await pricing.map_item(session, who.card.id, third, by=SYSTEM, now=now)
    wanted = replace(Mapping("A1", None, None, None, 12, None), **codes)
    with pytest.raises(CodeConflict) as refused:
        await pricing.map_item(session, who.card.id, wanted, by=SYSTEM, now=now)
    (fault,) = refused.value.faults
    assert (fault.pointer, fault.code) == (pointer, "code_conflict")
    other = "C3" if codes.keys() & {"partner_item_code"} or GTINS[3] in codes.values() else "B2"
    for words in (fault.zh, fault.en):
        assert "A1" in words
        assert other in words
    assert await session.scalar(text("SELECT count(*) FROM pricing_item")) == 1


async def test_the_goods_own_codes_are_no_conflict(session, now):
    await open_store(session, now, "A1")
    who = await customer(session, now)
    own = Mapping("A1", "77", GTINS[0], ITFS[0], 12, None)
    assert await pricing.map_item(session, who.card.id, own, by=SYSTEM, now=now) == own


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"gtin13": GTINS[0][:12] + "x"}, "/gtin13"),
        ({"gtin13": GTINS[0][:12]}, "/gtin13"),
        ({"itf14": "1" + GTINS[0]}, "/itf14"),
        ({"case_pack": 0}, "/case_pack"),
        ({"pallet_cases": 0}, "/case_pack"),
    ],
)
async def test_codes_that_cannot_be_are_refused(session, now, change, pointer):
    await open_store(session, now, "A1")
    who = await customer(session, now)
    with pytest.raises(InvalidItem) as refused:
        wanted = replace(Mapping("A1", None, None, None, 12, None), **change)
        await pricing.map_item(session, who.card.id, wanted, by=SYSTEM, now=now)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


async def test_what_we_do_not_have_cannot_be_mapped_or_priced(session, now):
    await open_store(session, now, "A1", "B2", retail_only=("B2",))
    who = await customer(session, now)
    with pytest.raises(NotFound):
        await pricing.map_item(session, who.card.id, Mapping("NO", "1", None, None, 12, None), by=SYSTEM, now=now)
    with pytest.raises(InvalidPriceList) as refused:
        await list_prices(session, who.contract, price(), price("NO"), price("B2"), now=now)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/rows/1/sku", "not_for_wholesale"),
        ("/rows/2/sku", "not_for_wholesale"),
    ]
    assert await shown(session, who.contract, local_day(now)) == {}


@pytest.mark.parametrize(
    ("row", "pointer", "code"),
    [
        (price(fen=0, last=date(2026, 11, 30)), "/rows/1/price_fen", "out_of_range"),
        (price(fen=10_000_001, last=date(2026, 11, 30)), "/rows/1/price_fen", "out_of_range"),
        (price(min_cases=0, last=date(2026, 11, 30)), "/rows/1/min_cases", "out_of_range"),
        (price(min_life_days=-1, last=date(2026, 11, 30)), "/rows/1/min_life_days", "out_of_range"),
        (price(first=date(2026, 12, 2), last=date(2026, 12, 1)), "/rows/1/valid_to", "ends_before_it_begins"),
        (price(first=date(2020, 1, 1), last=date(2020, 2, 1)), "/rows/1/valid_from", "outside_contract"),
        (price(first=date(2026, 10, 1), last=date(2026, 10, 5)), "/rows/1/valid_from", "price_list_overlaps"),
        (price(first=date(2026, 12, 5), last=date(2026, 12, 6)), "/rows/1/valid_from", "price_list_overlaps"),
    ],
)
async def test_rows_that_cannot_be_are_all_told_and_none_is_added(session, now, row, pointer, code):
    await open_store(session, now, "A1")
    who = await customer(session, now)
    await list_prices(session, who.contract, price(first=date(2026, 10, 5), last=date(2026, 10, 10)), now=now)
    with pytest.raises(InvalidPriceList) as refused:
        await list_prices(session, who.contract, price(first=date(2026, 12, 6)), row, now=now)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [(pointer, code)]
    assert await session.scalar(text("SELECT count(*) FROM pricing_contract_price")) == 1


async def test_a_change_of_a_known_price_on_short_notice_is_warned_about(session, now):
    await open_store(session, now, "A1", "B2")
    who = await customer(session, now)
    today = local_day(now)
    first, warned = await list_prices(
        session, who.contract, price(last=today + 3 * DAY), price("B2", last=today + 3 * DAY), now=now, notice_days=15
    )
    assert (len(first), warned) == (2, [])  # the first price of a contract is no change
    soon, later = {"first": today + 4 * DAY, "last": today + 14 * DAY}, {"first": today + 15 * DAY}
    _, warned = await list_prices(
        session,
        who.contract,
        price(fen=7_500, **soon),
        price("B2", **soon),
        price(fen=7_600, **later),
        price(fen=1, promotion=True, **soon),
        now=now,
        notice_days=15,
    )
    assert [(each.row, each.code) for each in warned] == [(0, "short_notice")]
    assert str(today + 15 * DAY) in warned[0].zh


async def test_overlapping_prices_at_once_leave_one(fresh_db, now):
    async with fresh_db.write() as session:
        await open_store(session, now, "A1")
        who = await customer(session, now)

    async def add(day: int) -> str:
        try:
            async with fresh_db.write() as session:
                await list_prices(session, who.contract, price(first=date(2026, 11, day)), now=now)
        except DomainError as refusal:
            return refusal.code
        return "done"

    assert sorted(await asyncio.gather(*map(add, range(1, 7)))) == ["done"] + ["invalid_price_list"] * 5


async def test_a_contract_that_was_ended_since_it_was_read_takes_no_price(fresh_db, now):
    async with fresh_db.write() as session:
        await open_store(session, now, "A1")
        who = await customer(session, now)
    async with fresh_db.write() as session:
        await partners.end(session, who.contract.id, by=SYSTEM, now=now)
    with pytest.raises(partners.ContractOver):
        async with fresh_db.write() as session:
            await list_prices(session, who.contract, price(), now=now)
    assert who.contract.ended_at is None


async def test_ending_a_contract_waits_for_whoever_lists_its_prices(fresh_db, now):
    async with fresh_db.write() as session:
        await open_store(session, now, "A1")
        who = await customer(session, now)
    listed, seen = asyncio.Event(), []

    async def end() -> None:
        await listed.wait()
        async with fresh_db.write() as session:
            await partners.end(session, who.contract.id, by=SYSTEM, now=now)
            seen.append("ended")

    ending = asyncio.create_task(end())
    async with fresh_db.write() as session:
        await list_prices(session, who.contract, price(), now=now)
        listed.set()
        await asyncio.sleep(0.3)
        seen.append("listed")
    await ending
    assert seen == ["listed", "ended"]


async def test_one_code_given_away_twice_at_once_is_given_once(fresh_db, now):
    async with fresh_db.write() as session:
        await open_store(session, now, "A1", "B2", "C3")
        who = await customer(session, now)

    async def name(sku: str) -> str:
        try:
            async with fresh_db.write() as session:
                wanted = Mapping(sku, "000123", None, None, 12, None)
                await pricing.map_item(session, who.card.id, wanted, by=SYSTEM, now=now)
        except DomainError as refusal:
            return refusal.code
        return "done"

    outcome = await asyncio.gather(*map(name, ("A1", "B2", "C3")))
    assert outcome.count("done") == 1
    assert set(outcome) <= {"done", "item_code_taken", "code_conflict"}


def test_the_door_has_what_wholesale_needs():
    assert {"contract_items", "resolve_codes", "Codes", "ContractItem", "Question"} <= set(pricing.__all__)
    assert {"contract_on", "location", "take_credit", "give_credit", "move_credit", "credit"} <= set(partners.__all__)
    assert "offers" in catalogue.__all__

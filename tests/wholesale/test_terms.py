"""What contracts make of a month's goods, by itself and where two contracts meet in a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import partners, pricing
from app.partners import Contract, Fee, FeeBasis
from app.wholesale import StatementLineKind
from app.wholesale.rules.terms import Agreed, deductions, due_on, held_last, percent
from tests.market import TERMS, load, take_in
from tests.wholesale.test_statements import call, more_stock, stated

SIGNED = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = {name: getattr(TERMS, name) for name in TERMS.__dataclass_fields__}


def contract(no: str, first: date, last: date, **more) -> Contract:
    own = {"id": uuid4(), "partner_id": uuid4(), "version": 1, "signed_at": SIGNED, "ended_at": None}
    return Contract(**FIELDS | own | {"contract_no": no, "valid_from": first, "valid_to": last} | more)


def fee(basis: FeeBasis, contract_id, name="服务费", **more) -> Fee:
    usual = {"service": "x", "amount_fen": None, "rate_bp": None, "tax_rate_bp": 600}
    return Fee(id=uuid4(), contract_id=contract_id, name=name, basis=basis, **usual | more)


OLD = contract("A", date(2026, 1, 1), date(2026, 11, 15), rebate_bp=600, term_days=45)
NEW = contract("B", date(2026, 11, 16), date(2026, 12, 31), rebate_bp=300, term_days=10)


@given(st.integers(-(10**12), 10**12), st.integers(0, 10_000))
def test_what_is_given_of_goods_is_taken_back_of_as_many(amount, rate):
    assert percent(amount, rate) + percent(-amount, rate) == 0
    assert abs(percent(amount, rate) * 10_000 - amount * rate) * 2 <= 10_000


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_each_contract_gives_its_own_rebate_and_the_last_one_takes_the_monthly_fees(old, new):
    monthly = {"amount_fen": 5_000, "basis": FeeBasis.FIXED}
    parts = [
        Agreed(
            contract=one,
            fees=[
                fee(contract_id=one.id, name="固定", **monthly),
                fee(FeeBasis.PER_STORE, one.id, "门店", amount_fen=100),
                fee(FeeBasis.PERCENT, one.id, "比例", rate_bp=200),
            ],
            goods_fen=goods,
            monthly=one is NEW,
        )
        for one, goods in ((OLD, old), (NEW, new))
    ]
    found = deductions(parts, stores=3)
    rebates = {one.source_id: one.amount_fen for one in found if one.kind is StatementLineKind.REBATE}
    assert (rebates.get(OLD.id, 0), rebates.get(NEW.id, 0)) == (percent(old, 600), percent(new, 300))
    fees = [(one.name, one.amount_fen) for one in found if one.kind is StatementLineKind.FEE]
    assert [name for name, _ in fees if name[:2] != "比例"] == ["固定（B）", "门店（B）"]
    assert sum(fen for name, fen in fees if name[:2] == "比例") == percent(max(old, 0), 200) + percent(max(new, 0), 200)
    assert all(fen > 0 for _, fen in fees)
    assert len({one.name for one in found}) == len(found)


def test_the_contract_that_held_last_in_a_month():
    first, until = date(2026, 11, 1), date(2026, 12, 1)
    assert held_last([OLD, NEW], first, until) is NEW
    assert held_last([OLD], first, until) is OLD
    ended = replace(OLD, ended_at=datetime(2026, 10, 31, 15, tzinfo=UTC))
    assert held_last([ended], first, until) is None
    assert held_last([replace(NEW, signed_at=None)], first, until) is None


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ({}, date(2026, 12, 13)),  # nothing came: B's ten days from the statement
        ({OLD.id: date(2026, 11, 2)}, date(2026, 12, 17)),
        ({NEW.id: date(2026, 11, 20)}, date(2026, 12, 3)),  # not before the statement is there
        ({OLD.id: date(2026, 11, 2), NEW.id: date(2026, 11, 28)}, date(2026, 12, 8)),
        ({OLD.id: date(2026, 10, 25), NEW.id: date(2026, 11, 29)}, date(2026, 12, 9)),
    ],
)
def test_a_statement_is_due_with_the_first_of_its_contracts(received, expected):
    contracts = {OLD.id: OLD, NEW.id: NEW}
    stated_on = date(2026, 12, 3)
    assert due_on(contracts, received, contract_id=NEW.id, stated_on=stated_on, invoiced_on=None) == expected


def test_no_base_lets_payment_wait_longer_than_the_law():
    late = replace(NEW, term_base=partners.TermBase.INVOICE_DATE, term_days=60)
    found = due_on(
        {late.id: late},
        {late.id: date(2026, 11, 1)},
        contract_id=late.id,
        stated_on=date(2026, 12, 3),
        invoiced_on=date(2026, 12, 20),
    )
    assert found == date(2026, 12, 31)


async def test_goods_keep_the_terms_under_which_they_were_ordered(market):
    """A contract ends in the month and another one with other terms begins: each has its rebate, and one the fee."""
    operator, clock, price = market.shop.actor("operator"), market.shop.clock, 3_000
    await more_stock(market)
    old = await market.place({"NO02": 10})
    await load(market, old, {1: 10}, "S08")
    await take_in(market, old, {1: (50, 0)})
    clock.advance(days=3)
    fees = [
        partners.NewFee(
            name="促销服务费",
            service="堆头",
            basis=FeeBasis.FIXED,
            amount_fen=10_000,
            rate_bp=None,
            tax_rate_bp=600,
        )
    ]
    terms = replace(TERMS, contract_no="HT-P01-B", valid_from=market.today, rebate_bp=300, term_days=20)
    async with market.shop.db.write() as session:
        await partners.end(session, market.contracts["P01"].id, by=operator, now=clock())
        drafted = await partners.draft(session, market.partner_id(), terms, fees=fees, by=operator, now=clock())
        signed = await partners.sign(session, drafted.id, by=operator, now=clock())
        listed = pricing.NewPrice("NO02", price, signed.valid_from, signed.valid_to)
        await pricing.list_prices(session, signed, [listed], by=operator, now=clock())
    new = await market.place({"NO02": 20})
    await load(market, new, {1: 20}, "S08")
    came_on = market.today
    await take_in(market, new, {1: (100, 0)})
    statement = await stated(market)
    before, after = 50 * 3_200, 100 * price
    assert {(one["name"], one["amount_fen"]) for one in statement["lines"] if one["units"] is None} == {
        ("返利 6%（HT-P01）", -before * 6 // 100),
        ("返利 3%（HT-P01-B）", -after * 3 // 100),
        ("促销服务费（HT-P01-B）", -10_000),
    }
    assert statement["payable_fen"] == before * 94 // 100 + after * 97 // 100 - 10_000
    assert statement["contract_no"] == "HT-P01-B"
    assert statement["due_on"] == (came_on + timedelta(days=20)).isoformat()
    path = f"/v1/partner/statements/{statement['id']}"
    await call(market, "P01", "POST", f"{path}/confirm", {})
    billed = await call(
        market, "operator", "POST", f"/v1/operator/partner-statements/{statement['id']}/invoice", {"invoice_no": "1"}
    )
    assert billed["due_on"] == statement["due_on"]
    assert await market.shop.breaks() == []

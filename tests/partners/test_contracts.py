"""Contracts, from a draft to their end, and where goods go."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import partners
from app.core.errors import DomainError, NotFound
from app.identity import SYSTEM
from app.partners import (
    ORANGES,
    PACKED,
    ContractSigned,
    ContractsOverlap,
    FeeBasis,
    InvalidContract,
    LocationKind,
    NoContract,
    Tolerance,
    UnknownLocation,
)
from app.partners.rules import InvalidLocation, LocationExists
from app.partners.rules.contracts import ContractNoTaken, ContractNotSigned, ContractOver, gaps
from app.partners.service import change_location, discard, redraft
from tests.partners.builders import PROMOTION, RECORD, SECOND, TERMS, customer

DAY = timedelta(days=1)


async def draft(session, now, partner_id, number="1", *, fees=(), **terms):
    wanted = replace(TERMS, contract_no=f"HT-{number}", **terms)
    return await partners.draft(session, partner_id, wanted, fees, by=SYSTEM, now=now)


async def test_a_contract_says_what_was_agreed(session, now):
    card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
    drafted = await partners.draft(session, card.id, TERMS, [PROMOTION], by=SYSTEM, now=now)
    for name in ("contract_no", "valid_from", "valid_to", "order_until", "minimum_unit", "tolerance", "order_weekdays"):
        assert getattr(drafted, name) == getattr(TERMS, name)
    assert (drafted.signed_at, drafted.ended_at) == (None, None)
    with pytest.raises(NoContract):
        await partners.contract_on(session, card.id, date(2026, 6, 1))
    signed = await partners.sign(session, drafted.id, by=SYSTEM, now=now)
    assert signed == replace(drafted, signed_at=now)
    assert await partners.contract_on(session, card.id, TERMS.valid_from) == signed
    assert await partners.contract_on(session, card.id, TERMS.valid_to) == signed
    for day in (TERMS.valid_from - DAY, TERMS.valid_to + DAY):
        with pytest.raises(NoContract) as refused:
            await partners.contract_on(session, card.id, day)
        assert str(day) in refused.value.sentence("zh")
    (fee,) = await partners.fees(session, signed.id)
    assert (fee.name, fee.service, fee.amount_fen) == (PROMOTION.name, PROMOTION.service, 30_000)
    assert await partners.contract(session, signed.id, partner_id=card.id) == signed
    with pytest.raises(NotFound):
        await partners.contract(session, signed.id, partner_id=uuid4())


def test_what_was_not_agreed_about_the_dock_is_as_usual():
    strict = Tolerance(accept_bp=0, deduct_bp=0, notify_below_bp=10_000)
    terms = replace(TERMS, tolerance={"golden-tea": strict})
    assert terms.tolerance_of("golden-tea") == strict
    assert terms.tolerance_of("navel-orange") == ORANGES
    assert terms.tolerance_of("camellia-oil") == PACKED


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"term_days": 61}, "/term_days"),
        ({"term_days": -1}, "/term_days"),
        ({"valid_to": date(2025, 12, 31)}, "/valid_to"),
        ({"order_weekdays": ()}, "/order_weekdays"),
        ({"order_weekdays": (0,)}, "/order_weekdays"),
        ({"lead_days": 61}, "/lead_days"),
        ({"minimum": -1}, "/minimum"),
        ({"min_life_pct": 101}, "/min_life_pct"),
        ({"rebate_bp": 10_001}, "/rebate_bp"),
        ({"tolerance": {"golden-tea": Tolerance(200, 100, 0)}}, "/tolerance/golden-tea"),
    ],
)
async def test_terms_that_cannot_be_are_refused(session, now, change, pointer):
    card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
    with pytest.raises(InvalidContract) as refused:
        await draft(session, now, card.id, **change)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
    assert await partners.contracts(session, card.id) == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"service": " "}, "/fees/0/service"),
        ({"amount_fen": None}, "/fees/0/amount_fen"),
        ({"amount_fen": 0}, "/fees/0/amount_fen"),
        ({"rate_bp": 5}, "/fees/0/amount_fen"),
        ({"basis": FeeBasis.PERCENT}, "/fees/0/rate_bp"),
        ({"basis": FeeBasis.PERCENT, "amount_fen": None, "rate_bp": 10_001}, "/fees/0/rate_bp"),
        ({"tax_rate_bp": 10_001}, "/fees/0/tax_rate_bp"),
    ],
)
async def test_a_fee_names_its_service_and_one_figure(session, now, change, pointer):
    card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
    with pytest.raises(InvalidContract) as refused:
        await draft(session, now, card.id, fees=[replace(PROMOTION, **change)])
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


async def test_a_fee_is_named_once(session, now):
    card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
    with pytest.raises(InvalidContract) as refused:
        await draft(session, now, card.id, fees=[PROMOTION, PROMOTION])
    assert [fault.pointer for fault in refused.value.faults] == ["/fees/1/name"]


async def test_a_draft_is_rewritten_and_thrown_away_but_nothing_that_was_signed(session, now):
    card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
    one = await draft(session, now, card.id, fees=[PROMOTION])
    other = replace(PROMOTION, name="配送服务费", basis=FeeBasis.PERCENT, amount_fen=None, rate_bp=150)
    changed = await redraft(session, one.id, replace(TERMS, rebate_bp=500), [other], version=1, by=SYSTEM, now=now)
    assert (changed.rebate_bp, [fee.name for fee in await partners.fees(session, one.id)]) == (500, ["配送服务费"])
    await partners.sign(session, one.id, by=SYSTEM, now=now)
    for work in (
        redraft(session, one.id, TERMS, [], version=2, by=SYSTEM, now=now),
        discard(session, one.id),
        partners.sign(session, one.id, by=SYSTEM, now=now),
    ):
        with pytest.raises(ContractSigned):
            await work
    two = await draft(session, now, card.id, "2", fees=[PROMOTION])
    await discard(session, two.id)
    assert [contract.id for contract in await partners.contracts(session, card.id)] == [one.id]
    assert await partners.fees(session, two.id) == []


async def test_postgresql_itself_keeps_what_was_signed(fresh_db, now):
    async with fresh_db.write() as session:
        signed = (await customer(session, now)).contract
        drafted = await draft(session, now, signed.partner_id, "draft")
    for statement in (
        "UPDATE partners_contract SET term_days = 60 WHERE id = :id",
        "UPDATE partners_contract SET signed_at = NULL WHERE id = :id",
        "DELETE FROM partners_contract WHERE id = :id",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with fresh_db.write() as session:
                await session.execute(text(statement), {"id": signed.id})
        async with fresh_db.write() as session:
            await session.execute(text(statement), {"id": drafted.id})
    async with fresh_db.read() as session:
        assert await partners.contracts(session) == [signed]


async def test_a_number_is_given_once(db, now):
    async with db.write() as session:
        first = await customer(session, now)
    with pytest.raises(ContractNoTaken):
        async with db.write() as session:
            terms = replace(TERMS, contract_no=first.contract.contract_no)
            await partners.draft(session, first.card.id, terms, by=SYSTEM, now=now)


async def test_no_two_signed_contracts_hold_on_one_day(session, now):
    card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
    year = await draft(session, now, card.id)
    await partners.sign(session, year.id, by=SYSTEM, now=now)
    touching = await draft(session, now, card.id, "2", valid_from=date(2026, 12, 31), valid_to=date(2027, 12, 31))
    with pytest.raises(ContractsOverlap) as refused:
        await partners.sign(session, touching.id, by=SYSTEM, now=now)
    assert year.contract_no in refused.value.sentence("en")
    next_year = await draft(session, now, card.id, "3", valid_from=date(2027, 1, 1), valid_to=date(2027, 12, 31))
    await partners.sign(session, next_year.id, by=SYSTEM, now=now)
    other = await partners.enrol(session, **SECOND, by=SYSTEM, now=now)
    theirs = await draft(session, now, other.id, "4")
    assert (await partners.sign(session, theirs.id, by=SYSTEM, now=now)).signed_at == now


async def test_after_its_end_another_can_be_signed_from_that_day_on(session, now):
    """It is the twentieth of November; orders of that day come under the new contract."""
    today = date(2026, 11, 20)
    card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
    year = await draft(session, now, card.id)
    with pytest.raises(ContractNotSigned):
        await partners.end(session, year.id, by=SYSTEM, now=now)
    await partners.sign(session, year.id, by=SYSTEM, now=now)
    ended = await partners.end(session, year.id, by=SYSTEM, now=now)
    assert (await partners.contract_on(session, card.id, today - DAY)).id == year.id
    with pytest.raises(NoContract):
        await partners.contract_on(session, card.id, today)
    with pytest.raises(ContractOver):
        await partners.end(session, year.id, by=SYSTEM, now=now)
    early = await draft(session, now, card.id, "2", valid_from=today - DAY)
    with pytest.raises(ContractsOverlap):
        await partners.sign(session, early.id, by=SYSTEM, now=now)
    late = await draft(session, now, card.id, "3", valid_from=today + DAY)
    late = await partners.sign(session, late.id, by=SYSTEM, now=now)
    assert gaps([ended, late]) == [(today, today + DAY)]
    gone = await partners.end(session, late.id, by=SYSTEM, now=now)
    assert not any(gone.holds_on(today + timedelta(days=n)) for n in range(-2, 60))
    third = await draft(session, now, card.id, "4", valid_from=today)
    third = await partners.sign(session, third.id, by=SYSTEM, now=now)
    assert (await partners.contract_on(session, card.id, today)).id == third.id
    assert gaps([ended, gone, third]) == []


async def test_of_two_that_overlap_one_is_signed_when_both_are_at_once(fresh_db, now):
    async with fresh_db.write() as session:
        card = await partners.enrol(session, **RECORD, by=SYSTEM, now=now)
        ids = [(await draft(session, now, card.id, str(number))).id for number in range(6)]

    async def sign(contract_id) -> str:
        try:
            async with fresh_db.write() as session:
                await partners.sign(session, contract_id, by=SYSTEM, now=now)
        except DomainError as refusal:
            return refusal.code
        return "done"

    outcome = await asyncio.gather(*map(sign, ids))
    assert sorted(outcome) == ["contracts_overlap"] * 5 + ["done"]


async def test_goods_go_to_places_by_the_partners_own_codes(session, now):
    first = await customer(session, now)
    where = {"name": "历城店", "division_code": "370112", "address": "花园路 1 号", "now": now}
    for code in ("QR001", "QR01"):
        await partners.add_location(session, first.card.id, code=code, kind=LocationKind.STORE, **where)
    other = await partners.enrol(session, **SECOND, by=SYSTEM, now=now)
    await partners.add_location(session, other.id, code="QR001", kind=LocationKind.DC, **where)
    store = await partners.location(session, first.card.id, "QR001")
    assert (store.code, store.kind, store.partner_id) == ("QR001", LocationKind.STORE, first.card.id)
    assert await partners.location_by_id(session, store.id) == store
    assert [place.code for place in await partners.locations(session, first.card.id)] == ["P01-DC", "QR001", "QR01"]
    with pytest.raises(UnknownLocation) as refused:
        await partners.location(session, first.card.id, "QR1")
    assert "QR1" in refused.value.sentence("zh")
    record = {"name": "历城店", "division_code": "370112", "address": "花园路 1 号", "gln": None}
    await change_location(session, first.card.id, "QR001", active=False, **record)
    with pytest.raises(UnknownLocation):
        await partners.location(session, first.card.id, "QR001")
    assert len(await partners.locations(session, first.card.id)) == 2
    assert len(await partners.locations(session, first.card.id, inactive=True)) == 3
    assert not (await partners.location_by_id(session, store.id)).active


@pytest.mark.parametrize(
    ("change", "pointer"), [({"division_code": "37"}, "/division_code"), ({"gln": "6901234567890"}, "/gln")]
)
async def test_a_place_that_cannot_be_is_refused(session, now, change, pointer):
    card = (await customer(session, now)).card
    where = {"name": "店", "division_code": "370112", "address": "花园路", "gln": None} | change
    with pytest.raises(InvalidLocation) as refused:
        await partners.add_location(session, card.id, code="X", kind=LocationKind.STORE, now=now, **where)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


async def test_a_code_is_used_once(db, now):
    async with db.write() as session:
        first = await customer(session, now)
    where = {"name": "店", "division_code": "370112", "address": "花园路", "gln": "6901234567892", "now": now}
    with pytest.raises(LocationExists):
        async with db.write() as session:
            await partners.add_location(session, first.card.id, code=first.dc.code, kind=LocationKind.DC, **where)

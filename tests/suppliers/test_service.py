from datetime import date

import pytest
from sqlalchemy import text

from app.core.errors import NotFound
from app.core.events import take_pending
from app.core.ids import new_id
from app.identity import SYSTEM
from app.suppliers import (
    TOWNSHIPS,
    InvalidLicence,
    InvalidUscc,
    Kind,
    Status,
    SupplierApproved,
    SupplierExists,
    SupplierStepNotAllowed,
    SupplierSuspended,
    Taxpayer,
    UnknownTownship,
    admit,
    approve,
    cards,
    get,
    plant_townships,
    suppliers,
    suspend,
)
from tests.conftest import NOON
from tests.papers import papers

PAPERS = {
    "code": "S01",
    "name": "保靖县吕洞茗源茶叶专业合作社（示例）",
    "kind": Kind.COOPERATIVE,
    "uscc": "93433125MA4FAKE14C",
    "township_code": "433125116",
    "village": "黄金村",
    "licence_no": "SC11443312590010",
    "taxpayer": Taxpayer.SMALL,
    "linked_since": date(2019, 1, 1),
}
READY = PAPERS | {
    "lines": ["golden-tea"],
    "papers": papers(PAPERS["name"], PAPERS["uscc"], PAPERS["licence_no"], NOON.date()),
}
OTHER = PAPERS | {"code": "S02", "uscc": "91433125MA4FAKE22D", "licence_no": None, "village": None}


async def count(session) -> int:
    return (await session.execute(text("SELECT count(*) FROM suppliers_supplier"))).scalar_one()


async def test_townships_are_planted_once(session):
    for _ in range(2):
        await plant_townships(session)
    rows = (await session.execute(text("SELECT code, name FROM suppliers_township"))).all()
    assert {row.code: row.name for row in rows} == TOWNSHIPS


async def test_an_applicant_is_what_its_papers_say_and_cannot_sell_yet(session, now):
    card = await admit(session, **PAPERS, by=SYSTEM, now=now)
    assert card.status is Status.APPLIED
    assert card.township == "吕洞山镇"
    for name, value in PAPERS.items():
        assert getattr(card, name) == value
    assert await get(session, card.id) == card
    assert take_pending(session) == []


@pytest.mark.parametrize(
    ("change", "error", "pointer"),
    [
        ({"uscc": "93433125MA4FAKE14D"}, InvalidUscc, "/uscc"),
        ({"licence_no": "SC11443312590011"}, InvalidLicence, "/licence_no"),
        ({"licence_no": "QS433125014001"}, InvalidLicence, "/licence_no"),
        ({"township_code": "433125999"}, UnknownTownship, "/township_code"),
        ({"township_code": "370112009"}, UnknownTownship, "/township_code"),
    ],
)
async def test_wrong_papers_are_refused_and_nothing_is_kept(session, now, change, error, pointer):
    with pytest.raises(error) as refused:
        await admit(session, **PAPERS | change, by=SYSTEM, now=now)
    assert refused.value.faults[0].pointer == pointer
    assert refused.value.status == 422
    assert await count(session) == 0


@pytest.mark.parametrize("change", [{"code": "S01"}, {"uscc": PAPERS["uscc"]}])
async def test_nobody_is_admitted_twice(db, now, change):
    async with db.write() as session:
        await admit(session, **PAPERS, by=SYSTEM, now=now)
    with pytest.raises(SupplierExists):
        async with db.write() as session:
            await admit(session, **OTHER | change, by=SYSTEM, now=now)
    async with db.read() as session:
        assert await count(session) == 1


async def test_approving_and_suspending_is_announced(session, now):
    card = await admit(session, **READY, by=SYSTEM, now=now)
    assert (await approve(session, card.id, by=SYSTEM, now=now)).status is Status.APPROVED
    assert (await suspend(session, card.id, by=SYSTEM, now=now)).status is Status.SUSPENDED
    assert (await approve(session, card.id, by=SYSTEM, now=now)).status is Status.APPROVED
    facts = take_pending(session)
    assert [type(fact) for fact in facts] == [SupplierApproved, SupplierSuspended, SupplierApproved]
    assert {fact.subject for fact in facts} == {card.id}


async def test_a_step_out_of_order_is_refused_and_tells_nobody(session, now):
    card = await admit(session, **READY, by=SYSTEM, now=now)
    with pytest.raises(SupplierStepNotAllowed):
        await suspend(session, card.id, by=SYSTEM, now=now)
    assert (await get(session, card.id)).status is Status.RECOMMENDED
    await approve(session, card.id, by=SYSTEM, now=now)
    take_pending(session)
    with pytest.raises(SupplierStepNotAllowed):
        await approve(session, card.id, by=SYSTEM, now=now)
    assert take_pending(session) == []


async def test_a_supplier_that_is_not_there(session, now):
    for verb in (approve, suspend):
        with pytest.raises(NotFound):
            await verb(session, new_id(now), by=SYSTEM, now=now)
    with pytest.raises(NotFound):
        await get(session, new_id(now))


async def test_many_cards_in_one_statement(session, now, statements):
    one = await admit(session, **PAPERS, by=SYSTEM, now=now)
    two = await admit(session, **OTHER, by=SYSTEM, now=now)
    statements.clear()
    assert await cards(session, [two.id, one.id, new_id(now)]) == {one.id: one, two.id: two}
    assert len(statements) == 1
    assert [card.code for card in await suppliers(session)] == ["S01", "S02"]
    assert [card.code for card in await suppliers(session, after="S01")] == ["S02"]
    assert await suppliers(session, status=Status.APPROVED) == []


async def test_two_operators_decide_at_once_and_one_is_told_so(fresh_db, now):
    import asyncio

    async with fresh_db.write() as session:
        card = await admit(session, **READY, by=SYSTEM, now=now)

    async def decide():
        async with fresh_db.write() as session:
            await approve(session, card.id, by=SYSTEM, now=now)

    answers = await asyncio.gather(*(decide() for _ in range(6)), return_exceptions=True)
    assert answers.count(None) == 1
    assert sum(isinstance(answer, SupplierStepNotAllowed) for answer in answers) == 5
    async with fresh_db.read() as session:
        facts = await session.execute(text("SELECT count(*) FROM core_event WHERE name = 'suppliers.approved'"))
        assert facts.scalar_one() == 1

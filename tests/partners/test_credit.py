"""Credit: taken like stock, explained by its entries, never above the limit when it is taken."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as searching
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import partners
from app.core.db import Database
from app.core.errors import DomainError, InvalidInput, NotFound, StaleVersion
from app.identity import SYSTEM
from app.partners import Credit, CreditExceeded, CreditKind, PartnerSuspended
from tests.conftest import clone
from tests.partners.builders import SECOND, customer

ENTRIES = "SELECT coalesce(sum(amount_fen), 0) FROM partners_credit_entry WHERE partner_id = :partner_id"


async def take(session, partner_id, amount_fen, now, *, reference=None, source_id=None):
    return await partners.take_credit(
        session,
        partner_id,
        reference=reference or uuid4(),
        source_id=source_id or uuid4(),
        kind=CreditKind.ORDERED,
        amount_fen=amount_fen,
        now=now,
    )


async def total(session, partner_id) -> int:
    return await session.scalar(text(ENTRIES), {"partner_id": partner_id})


async def test_what_is_taken_is_less_to_take(session, now):
    who = (await customer(session, now, limit_fen=1_000)).card.id
    order, version = uuid4(), uuid4()
    assert await partners.credit(session, who) == Credit(1_000, 0)
    left = await take(session, who, 700, now, reference=order, source_id=version)
    assert (left.used_fen, left.available_fen) == (700, 300)
    with pytest.raises(CreditExceeded) as refused:
        await take(session, who, 301, now)
    assert "3.01" in refused.value.sentence("zh")
    assert "3.00" in refused.value.sentence("en")
    assert await partners.credit(session, who) == left
    assert (await take(session, who, 300, now)).available_fen == 0
    back = await partners.give_credit(
        session, who, reference=order, source_id=order, kind=CreditKind.CANCELLED, amount_fen=700, now=now
    )
    assert back == Credit(1_000, 300)
    assert await total(session, who) == 300
    entries = await partners.credit_entries(session, who)
    assert [(entry.kind, entry.amount_fen) for entry in entries] == [
        (CreditKind.CANCELLED, -700),
        (CreditKind.ORDERED, 300),
        (CreditKind.ORDERED, 700),
    ]


async def test_a_cause_counts_once(session, now):
    who = (await customer(session, now, limit_fen=1_000)).card.id
    order, version, receipt = uuid4(), uuid4(), uuid4()
    for _ in range(3):
        taken = await take(session, who, 800, now, reference=order, source_id=version)
        assert taken == Credit(1_000, 800)
    for _ in range(3):
        moved = await partners.move_credit(
            session, who, reference=order, source_id=receipt, kind=CreditKind.RECEIVED, amount_fen=-50, now=now
        )
        assert moved == Credit(1_000, 750)
    assert await total(session, who) == 750


async def test_what_is_owed_is_owed_whatever_the_limit_says(session, now):
    who = (await customer(session, now, limit_fen=100)).card.id
    move = {"reference": uuid4(), "kind": CreditKind.CORRECTED, "now": now}
    more = await partners.move_credit(session, who, source_id=uuid4(), amount_fen=500, **move)
    assert (more.used_fen, more.available_fen) == (500, 0)
    less = await partners.move_credit(session, who, source_id=uuid4(), amount_fen=-900, **move)
    assert (less.used_fen, less.available_fen) == (-400, 500)
    assert await partners.move_credit(session, who, source_id=uuid4(), amount_fen=0, **move) == less
    assert await total(session, who) == -400


async def test_without_a_limit_nothing_is_taken_and_a_debt_is_still_counted(session, now):
    card = (await customer(session, now)).card
    other = await partners.enrol(session, **SECOND, by=SYSTEM, now=now)
    with pytest.raises(CreditExceeded):
        await take(session, other.id, 1, now)
    move = {"reference": uuid4(), "source_id": uuid4(), "kind": CreditKind.STATED, "now": now}
    assert await partners.move_credit(session, other.id, amount_fen=-5, **move) == Credit(0, -5)
    assert (await partners.credit(session, card.id)).used_fen == 0
    with pytest.raises(NotFound):
        await take(session, uuid4(), 1, now)


async def test_a_suspended_partner_takes_nothing_until_it_may_again(session, now):
    who = (await customer(session, now, limit_fen=1_000)).card.id
    await partners.suspend(session, who)
    with pytest.raises(PartnerSuspended):
        await take(session, who, 1, now)
    assert await total(session, who) == 0
    await partners.resume(session, who)
    assert (await take(session, who, 1, now)).used_fen == 1


@pytest.mark.parametrize("amount", [0, -1])
async def test_an_amount_of_another_sign_is_a_defect_of_the_caller(session, now, amount):
    who = (await customer(session, now)).card.id
    with pytest.raises(ValueError, match="more than nothing"):
        await take(session, who, amount, now)
    with pytest.raises(ValueError, match="more than nothing"):
        await partners.give_credit(
            session, who, reference=who, source_id=who, kind=CreditKind.PAID, amount_fen=amount, now=now
        )


async def test_limits_have_versions_and_a_history(session, now):
    card = await partners.enrol(session, **SECOND, by=SYSTEM, now=now)
    for wrong in (-1, 10**15 + 1):
        with pytest.raises(InvalidInput):
            await partners.set_credit_limit(session, card.id, wrong, by=SYSTEM, now=now)
    with pytest.raises(NotFound):
        await partners.set_credit_limit(session, uuid4(), 1, by=SYSTEM, now=now)
    assert await partners.set_credit_limit(session, card.id, 500, version=0, by=SYSTEM, now=now) == (Credit(500, 0), 1)
    for stale in (0, 2):
        with pytest.raises(StaleVersion):
            await partners.set_credit_limit(session, card.id, 600, version=stale, by=SYSTEM, now=now)
    await take(session, card.id, 400, now)
    lowered = await partners.set_credit_limit(
        session, card.id, 300, reason="连续两期逾期", version=1, by=SYSTEM, now=now + timedelta(seconds=1)
    )
    assert lowered == (Credit(300, 400), 2)
    assert lowered[0].available_fen == 0
    with pytest.raises(CreditExceeded):
        await take(session, card.id, 1, now)
    history = await partners.limits(session, card.id)
    assert [(change.limit_fen, change.reason) for change in history] == [(300, "连续两期逾期"), (500, None)]


async def test_entries_and_limits_stay_as_they_were_written(fresh_db, now):
    async with fresh_db.write() as session:
        who = (await customer(session, now)).card.id
        await take(session, who, 5, now)
    for statement in (
        "UPDATE partners_credit_entry SET amount_fen = 1",
        "DELETE FROM partners_credit_entry",
        "UPDATE partners_credit_limit SET limit_fen = 1",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with fresh_db.write() as session:
                await session.execute(text(statement))


async def attempt(work) -> str:
    try:
        await work
    except DomainError as refusal:
        return refusal.code
    return "done"


async def test_sixty_four_orders_at_once_never_exceed_the_limit(fresh_db, now):
    async with fresh_db.write() as session:
        who = (await customer(session, now, limit_fen=20_000)).card.id

    async def order(amount: int) -> None:
        async with fresh_db.write() as session:
            await take(session, who, amount, now)

    outcome = Counter(await asyncio.gather(*(attempt(order(1_000)) for _ in range(64))))
    assert outcome == {"done": 20, "credit_exceeded": 44}
    async with fresh_db.read() as session:
        assert await partners.credit(session, who) == Credit(20_000, 20_000)
        assert await total(session, who) == 20_000


async def test_who_waits_decides_on_what_the_other_left(fresh_db, now):
    """The waiter's snapshot still shows enough; it is gone when it gets the lock, or comes back when that is undone."""
    async with fresh_db.write() as session:
        who = (await customer(session, now, limit_fen=1_000)).card.id

    async def order(amount: int, *, dwell: float = 0.0, fail: bool = False) -> None:
        async with fresh_db.write() as session:
            await take(session, who, amount, now)
            await asyncio.sleep(dwell)
            if fail:
                raise NotFound

    first = asyncio.create_task(attempt(order(600, dwell=0.4)))
    await asyncio.sleep(0.15)
    assert await attempt(order(600)) == "credit_exceeded"
    assert await first == "done"
    first = asyncio.create_task(attempt(order(400, dwell=0.4, fail=True)))
    await asyncio.sleep(0.15)
    assert await attempt(order(400)) == "done"
    assert await first == "not_found"
    async with fresh_db.read() as session:
        assert await partners.credit(session, who) == Credit(1_000, 1_000)
        assert await total(session, who) == 1_000


async def test_the_same_order_sent_twice_at_once_takes_once(fresh_db, now):
    async with fresh_db.write() as session:
        who = (await customer(session, now, limit_fen=10_000)).card.id
    order, version = uuid4(), uuid4()

    async def give() -> None:
        async with fresh_db.write() as session:
            await partners.give_credit(
                session, who, reference=order, source_id=order, kind=CreditKind.CANCELLED, amount_fen=1_000, now=now
            )

    async with fresh_db.write() as session:
        await take(session, who, 1_000, now, reference=order, source_id=version)
    assert await asyncio.gather(*(attempt(give()) for _ in range(8))) == ["done"] * 8
    async with fresh_db.read() as session:
        assert await partners.credit(session, who) == Credit(10_000, 0)
        assert await total(session, who) == 0


steps = st.lists(
    st.tuples(
        st.sampled_from(["take", "give", "move", "limit", "suspend", "resume"]),
        st.integers(1, 400),
        st.integers(0, 5),  # few causes, so that some come twice
    ),
    min_size=5,
    max_size=30,
)


def test_what_is_used_is_the_sum_of_its_entries_whatever_happens(server_url):
    """Any history of two partners: used = Σ entries after each step, and never above the limit after a take."""
    now = datetime(2026, 11, 20, 4, tzinfo=UTC)
    seen: Counter[str] = Counter()

    with clone(server_url, "credit") as url, asyncio.Runner() as runner:
        engine = create_async_engine(url, poolclass=NullPool)

        async def history_of(drawn) -> None:
            async with engine.connect() as connection:
                outer = await connection.begin()
                db = Database.within(connection)
                async with db.write() as session:
                    who = [(await customer(session, now, limit_fen=500)).card.id]
                    who.append((await customer(session, now, record=SECOND, limit_fen=900)).card.id)
                expected = dict.fromkeys(who, 0)
                causes: set[tuple[str, UUID, UUID]] = set()
                for step, amount, number in drawn:
                    partner = who[number % 2]
                    cause = UUID(int=number + 1)
                    async with db.write() as session:
                        seen[await one(session, step, partner, amount, cause, expected, causes)] += 1
                    async with db.read() as session:
                        for each in who:
                            assert (await partners.credit(session, each)).used_fen == expected[each]
                            assert await total(session, each) == expected[each]
                await outer.rollback()

        async def one(session, step, partner, amount, cause, expected, causes) -> str:
            entry = {"reference": cause, "source_id": cause, "now": now}
            if step == "take":
                before = await partners.credit(session, partner)
                again = (step, partner, cause) in causes
                refused = None
                try:
                    credit = await partners.take_credit(
                        session, partner, kind=CreditKind.ORDERED, amount_fen=amount, **entry
                    )
                except (CreditExceeded, PartnerSuspended) as refusal:
                    refused, credit = refusal.code, await partners.credit(session, partner)
                if refused is not None:
                    assert credit == before
                    assert refused == "partner_suspended" or before.used_fen + amount > before.limit_fen
                    return refused
                if again:
                    assert credit == before
                    return "again"
                assert credit.used_fen == before.used_fen + amount <= credit.limit_fen
                causes.add((step, partner, cause))
                expected[partner] += amount
            elif step in {"give", "move"}:
                kind = CreditKind.PAID if step == "give" else CreditKind.CORRECTED
                work = partners.give_credit if step == "give" else partners.move_credit
                # A cause belongs to one partner: its id is a document's.
                await work(session, partner, kind=kind, amount_fen=amount, **entry)
                if (step, partner, cause) not in causes:
                    causes.add((step, partner, cause))
                    expected[partner] += -amount if step == "give" else amount
            elif step == "limit":
                await partners.set_credit_limit(session, partner, amount * 3, by=SYSTEM, now=now)
            else:
                await (partners.suspend if step == "suspend" else partners.resume)(session, partner)
            return step

        @searching(
            max_examples=40,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(steps)
        def lives(drawn) -> None:
            runner.run(history_of(drawn))

        lives()
        runner.run(engine.dispose())
    assert min(seen[each] for each in ("take", "again", "credit_exceeded", "partner_suspended", "give", "move")) > 2, (
        seen
    )

"""Money that takes two operators: the first drafts, the second lets it happen once, or says no with a reason."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import settlement
from app.core.errors import DomainError
from app.core.settings import SettlementSettings
from app.settlement.lifecycle import DRAFT_TRANSITIONS, DraftStatus, DraftStep, DraftStepNotAllowed, decided
from app.settlement.rules.drafts import needs_second
from tests.settlement.builders import Books, Piece
from tests.settlement.test_payouts import FIFTH, LATER, OCTOBER, payouts, ready

DAY = timedelta(days=1)
RUNS, DRAFTS = "/v1/operator/payout-runs", "/v1/operator/settlement-drafts"


async def call(books, who, method, path, body=None, status=200):
    answer = await books.shop.call(who, method, path, body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def drafted(books):
    await ready(books)
    return await call(books, "operator", "POST", RUNS, {}, 201)


async def approve(books, draft, who="operator2", status=200):
    return await call(books, who, "POST", f"{DRAFTS}/{draft['id']}/approve", status=status)


async def decline(books, draft, who="operator2", status=200):
    return await call(books, who, "POST", f"{DRAFTS}/{draft['id']}/decline", {"reason": "先核实账户"}, status)


class TestARun:
    async def test_says_what_it_would_pay_and_pays_it_when_another_agrees(self, books):
        made = await drafted(books)
        assert (made["payouts"], made["without_account"], made["draft"]["status"]) == ([], [], "waiting")
        (statement,) = made["draft"]["statements"]
        assert (statement["statement_number"], statement["account_tail"]) == ("JS202610S01", "1234")
        assert (statement["amount_fen"], statement["platform_fen"]) == (9_320, 380)
        assert await payouts(books) == []
        assert (await books.statement("2026-10")).status is settlement.Status.CONFIRMED
        done = await approve(books, made)
        assert (done["status"], done["count"], done["amount_fen"]) == ("approved", 1, 9_320)
        assert done["decided_by"] == str(books.shop.accounts["operator2"].id) != done["drafted_by"]
        await books.shop.settle()
        (paid,) = await payouts(books, run_id=made["id"])
        assert (paid["status"], paid["amount_fen"]) == ("paid", 9_320)
        assert await books.breaks() == []

    async def test_nobody_agrees_with_themselves(self, books):
        made = await drafted(books)
        for decide in (approve, decline):
            refused = await decide(books, made, "operator", 403)
            assert refused["code"] == "second_operator_needed"
        for who in ("officer", "S01", "buyer"):
            await approve(books, made, who, 403)
        assert await payouts(books) == []
        found = await call(books, "operator", "GET", f"{DRAFTS}/{made['id']}")
        assert (found["status"], found["decided_by"]) == ("waiting", None)

    async def test_that_is_declined_leaves_its_statements_to_the_next(self, books):
        made = await drafted(books)
        assert (await call(books, "operator", "POST", RUNS, {}, 201))["draft"] is None  # all of it is drafted
        done = await decline(books, made)
        assert (done["status"], done["decision"]) == ("declined", "先核实账户")
        for decide in (approve, decline):
            assert (await decide(books, made, status=409))["code"] == "step_not_allowed"
        again = await call(books, "operator", "POST", RUNS, {}, 201)
        assert again["draft"]["count"] == 1
        await approve(books, again)
        assert len(await payouts(books)) == 1
        assert await books.breaks() == []

    async def test_pays_only_what_was_looked_at(self, books):
        made = await drafted(books)
        await books.account(LATER, number="6200000000000009999")
        refused = await approve(books, made, status=409)
        assert (refused["code"], "JS202610S01" in refused["detail"]) == ("draft_outdated", True)
        assert await payouts(books) == []
        await decline(books, made)
        again = await call(books, "operator", "POST", RUNS, {}, 201)
        assert again["draft"]["statements"][0]["account_tail"] == "9999"

    async def test_of_little_money_one_operator_decides_alone(self, books):
        await ready(books)
        for limit, alone in ((9_319, False), (9_320, True)):
            settings = books.shop.settings.model_copy(
                update={"settlement": SettlementSettings(second_operator_above_fen=limit)}
            )
            books.shop.app.state.edge.settings, before = settings, books.shop.app.state.edge.settings
            try:
                made = await call(books, "operator", "POST", RUNS, {}, 201)
            finally:
                books.shop.app.state.edge.settings = before
            assert ((made["draft"] is None), len(made["payouts"])) == (alone, int(alone))
            if made["draft"]:
                await decline(books, made)

    async def test_is_listed(self, books):
        made = await drafted(books)
        await decline(books, made)
        again = await call(books, "operator", "POST", RUNS, {}, 201)
        first = await call(books, "operator2", "GET", f"{DRAFTS}?limit=1")
        rest = await call(books, "operator2", "GET", f"{DRAFTS}?cursor={first['next_cursor']}")
        assert {one["id"] for one in first["items"] + rest["items"]} == {made["id"], again["id"]}
        waiting = await call(books, "operator2", "GET", f"{DRAFTS}?status=waiting&kind=payout_run")
        assert [one["id"] for one in waiting["items"]] == [again["id"]]
        assert (await call(books, "operator2", "GET", f"{DRAFTS}?kind=adjustment"))["items"] == []
        told = await books.shop.rows("SELECT name FROM core_event WHERE name LIKE 'settlement.draft%' ORDER BY name")
        assert [name for (name,) in told] == [f"settlement.draft_{what}" for what in ("declined", "made", "made")]

    async def test_stays_as_it_was_drafted(self, books):
        await drafted(books)
        for statement in ("UPDATE settlement_drafted SET amount_fen = 1", "DELETE FROM settlement_drafted"):
            with pytest.raises(DBAPIError, match="append-only"):
                await books.do(text(statement))
        with pytest.raises(DBAPIError, match="ck_settlement_draft_two"):
            await books.do(
                text("UPDATE settlement_draft SET status = 'approved', decided_by = drafted_by, decided_at = now()")
            )


class TestACorrection:
    @pytest.fixture
    async def path(self, books):
        await books.sell(OCTOBER, Piece())
        await books.issue("2026-10", FIFTH)
        october = (await books.statement("2026-10")).id
        books.shop.clock.at = FIFTH + DAY
        await call(books, "S01", "POST", f"/v1/supplier/settlements/{october}/disputes", {"reason": "少算"}, 201)
        return f"/v1/operator/settlements/{october}"

    async def propose(self, books, path, fen=200, status=200):
        body = {"reason": "补运费", "adjustment_fen": fen}
        return await call(books, "operator", "POST", f"{path}/resolve", body, status)

    async def test_counts_once_another_has_agreed(self, books, path):
        proposed = await self.propose(books, path)
        assert (proposed["status"], await books.postings("adjustment")) == ("disputed", [])
        (waiting,) = (await call(books, "operator2", "GET", f"{DRAFTS}?kind=adjustment"))["items"]
        assert (waiting["id"], waiting["amount_fen"]) == (proposed["draft_id"], 200)
        for answer in ({"reason": "再补", "adjustment_fen": 300}, {"reason": "不补"}):
            again = await call(books, "operator", "POST", f"{path}/resolve", answer, 409)
            assert again["code"] == "adjustment_waits"
        await approve(books, waiting)
        assert await books.postings("adjustment") == [{"payable": -200, "platform": 200}]
        found = await call(books, "operator", "GET", path)
        assert (found["status"], found["draft_id"], found["history"][-1]["reason"]) == ("confirmed", None, "补运费")
        assert (await self.propose(books, path, status=409))["code"] == "step_not_allowed"

    async def test_that_is_declined_is_answered_anew(self, books, path):
        proposed = await self.propose(books, path, -5_000)
        await decline(books, {"id": proposed["draft_id"]})
        assert (await call(books, "operator", "GET", path))["status"] == "disputed"
        done = await call(books, "operator", "POST", f"{path}/resolve", {"reason": "原单无误"})
        assert (done["status"], await books.postings("adjustment")) == ("confirmed", [])


class TestAtOnce:
    @pytest.fixture
    async def fresh(self, fresh_shop):
        books = Books(fresh_shop, fresh_shop.db)
        for who, sku in (("S01", "GT04"), ("S08", "NO02")):
            await books.account(FIFTH, who=who)
            await books.sell(OCTOBER, Piece(sku), who=who)
        await books.issue("2026-10", FIFTH)
        await books.confirm_all(FIFTH)
        fresh_shop.clock.at = LATER
        return books

    async def decide(self, books, draft_id, step, who="operator2"):
        by = books.shop.actor(who)
        try:
            async with books.db.write() as session:
                if step == "approve":
                    await settlement.approve(session, draft_id, by=by, now=LATER)
                else:
                    await settlement.decline(session, draft_id, reason="先核实", by=by, now=LATER)
        except DomainError as refusal:
            return refusal.code
        return step

    async def draft(self, books):
        async with books.db.write() as session:
            return await books.draft(session, LATER)

    async def test_of_two_words_one_counts(self, fresh):
        made = await self.draft(fresh)
        steps = ["approve"] * 4 + ["decline"] * 2
        said = await asyncio.gather(*(self.decide(fresh, made.id, step) for step in steps))
        assert sorted(said)[:1] in (["approve"], ["decline"])
        assert said.count("step_not_allowed") == 5
        paid = await fresh.shop.scalar("SELECT count(*) FROM settlement_payout")
        assert paid == (2 if "approve" in said else 0)
        assert await fresh.breaks() == []

    async def test_a_statement_is_in_one_draft(self, fresh):
        made = await asyncio.gather(*(self.draft(fresh) for _ in range(5)))
        counts = sorted(0 if one.draft is None else one.draft.count for one in made)
        assert counts == [0, 0, 0, 0, 2]
        decided_ones = await asyncio.gather(
            *(self.decide(fresh, one.id, "approve") for one in made if one.draft is not None for _ in range(2))
        )
        assert sorted(decided_ones) == ["approve", "step_not_allowed"]
        assert await fresh.shop.scalar("SELECT count(*) FROM settlement_payout") == 2

    async def test_a_refund_at_the_same_moment_is_of_the_next_period(self, fresh):
        sold = await fresh.sell(OCTOBER + DAY, Piece(), who="S01")
        await fresh.post(FIFTH)
        made = await self.draft(fresh)

        async def reverse():
            await fresh.refund(LATER, sold, 4_000)
            await fresh.post(LATER + DAY)

        said, _ = await asyncio.gather(self.decide(fresh, made.id, "approve"), reverse())
        assert said == "approve"
        async with fresh.db.read() as session:
            found = await settlement.payouts(session, run_id=made.id, limit=9)
        assert {one.amount_fen for one in found} == {9_500}  # as issued
        outcomes = [settlement.Outcome("sandbox", one.number, one.amount_fen, f"F{one.number}") for one in found]
        december = LATER + 30 * DAY
        await fresh.issue("2026-11", datetime(2026, 12, 5, 1, tzinfo=UTC))
        # The provider answers a month late.
        async with fresh.db.write() as session:
            assert await settlement.settle(session, outcomes, now=december) == 2
        november = await fresh.statement("2026-11")
        assert (november.goods_fen, november.refund_fen, november.net_fen) == (10_000, 3_800, 5_700)
        fresh.shop.clock.at = december
        assert await fresh.breaks() == []


@pytest.mark.parametrize(("status", "step"), list(itertools.product(DraftStatus, DraftStep)))
def test_every_word_about_every_draft(status, step):
    if (status, step) in DRAFT_TRANSITIONS:
        assert decided(status, step) is DRAFT_TRANSITIONS[status, step]
        return
    with pytest.raises(DraftStepNotAllowed):
        decided(status, step)


@pytest.mark.parametrize(
    ("fen", "alone", "needed"), [(0, 0, False), (1, 0, True), (-1, 0, True), (100, 100, False), (-101, 100, True)]
)
def test_when_it_takes_two(fen, alone, needed):
    assert needs_second(fen, alone) is needed

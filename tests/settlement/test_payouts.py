"""Payouts: once for every statement, whatever repeats itself, comes late, gets lost or happens at the same time."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import settlement, suppliers
from app.core.db import Base, Database
from app.core.events import CourierCall
from app.core.outbox import run_couriers
from app.settlement.couriers import instruct_with
from app.settlement.events import PayoutInstructed
from app.settlement.gateways import FakeSplitter, NotAccepted
from app.settlement.queries import paid_into
from app.wiring import build
from tests.payments.builders import sealer
from tests.settlement.builders import Books, Piece
from tests.suppliers.test_team import PHONE, join

DAY = timedelta(days=1)
OCTOBER = datetime(2026, 10, 10, 4, tzinfo=UTC)
FIFTH = datetime(2026, 11, 5, 1, tzinfo=UTC)
LATER = FIFTH + 9 * DAY
RUNS = "/v1/operator/payout-runs"


async def ready(books: Books, *, number: str = "6200000000000001234", account: bool = True) -> None:
    """One supplier's statement of October, confirmed."""
    if account:
        await books.account(FIFTH, number=number)
    sold = await books.sell(OCTOBER, Piece(off={"platform": 100}), freight=300)
    await books.refund(OCTOBER + DAY, sold, 500)
    await books.issue("2026-10", FIFTH)
    await books.confirm_all(FIFTH)
    books.shop.clock.at = LATER


async def name_of(books: Books, who: str = "S01") -> str:
    async with books.db.read() as session:
        return (await suppliers.get(session, books.supplier(who))).name


async def run(books, body=None, status=201, **more):
    """A run of two operators; the answer is that to the second one's word, in the shape of the first."""
    answer = await books.shop.call("operator", "POST", RUNS, body or {}, **more)
    assert answer.status_code == status, answer.text
    drafted = answer.json()
    if drafted["draft"] is None or "Idempotent-Replayed" in answer.headers:
        return answer
    approved = await books.shop.call("operator2", "POST", f"/v1/operator/settlement-drafts/{drafted['id']}/approve")
    assert approved.status_code == 200, approved.text
    drafted["payouts"] = await payouts(books, run_id=drafted["id"])
    return httpx.Response(status, json=drafted)


async def payouts(books, **wanted):
    path = "/v1/operator/payouts?" + "&".join(f"{name}={value}" for name, value in wanted.items())
    answer = await books.shop.call("operator", "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def notify(books, number, amount, *, result="SUCCESS", reference="F1", reason=None, now=None, **headers):
    resource = {
        "out_order_no": number,
        "order_id": reference,
        "receiver": {"amount": amount, "result": result, "fail_reason": reason},
    }
    body = json.dumps(
        {
            "id": "EV-1",
            "event_type": f"PROFITSHARING.{result}",
            "resource": sealer().lock(json.dumps(resource).encode(), "profitsharing"),
        }
    ).encode()
    signed = sealer().sign(body, now or books.shop.clock()) | headers
    async with books.shop.http() as http:
        return await http.post("/v1/notifications/payouts/sandbox", content=body, headers=signed)


async def test_a_confirmed_statement_is_paid_through_the_sandbox(books):
    await ready(books)
    made = (await run(books)).json()
    (payout,) = made["payouts"]
    assert (payout["status"], payout["statement_number"], made["without_account"]) == (
        "instructed",
        "JS202610S01",
        [],
    )
    assert (payout["amount_fen"], payout["platform_fen"]) == (9_320, 380)
    assert (await books.statement("2026-10")).status is settlement.Status.PAYING
    await books.shop.settle()
    (payout,) = await payouts(books, run_id=made["id"])
    assert (payout["status"], payout["provider_reference"]) == ("paid", f"SBXF{payout['number']}")
    october = await books.statement("2026-10")
    assert (october.status, october.paid_at) == (settlement.Status.PAID, LATER)
    assert await books.postings("payout") == [{"clearing": -9_700, "payable": 9_320, "cash": 380}]
    assert (await books.owed(LATER)).total_fen == 0
    told = await books.shop.scalar("SELECT payload FROM core_event WHERE name = 'settlement.payout_made'")
    assert (told["amount_fen"], told["supplier_id"]) == (9_320, str(books.supplier("S01")))
    assert await books.breaks() == []


async def test_what_came_by_bank_transfer_the_platform_pays_in(books):
    await books.account(FIFTH)
    await books.sell(OCTOBER, Piece())
    await books.sell(OCTOBER, Piece(quantity=2), provider="bank_transfer")
    await books.issue("2026-10", FIFTH)
    assert (await books.statement("2026-10")).goods_fen == 30_000
    await books.confirm_all(FIFTH)
    made = await books.run(LATER)
    assert [(one.amount_fen, one.platform_fen) for one in made.payouts] == [(28_500, -18_500)]
    await books.paid(made, LATER)
    assert await books.postings("payout") == [{"clearing": -10_000, "payable": 28_500, "cash": -18_500}]
    assert await books.breaks() == []


async def test_a_second_run_finds_nothing_to_pay(books):
    await ready(books)
    first = await run(books, key="run-1")
    again = await run(books, key="run-1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]
    assert (await run(books)).json()["payouts"] == []
    await books.shop.settle()
    assert (await run(books)).json()["payouts"] == []
    assert len(await payouts(books)) == 1


async def test_a_run_may_be_for_one_month(books):
    await ready(books)
    assert (await run(books, {"month": "2026-09"})).json()["payouts"] == []
    assert len((await run(books, {"month": "2026-10"})).json()["payouts"]) == 1


async def test_without_a_verified_account_a_statement_waits(books):
    await ready(books, account=False)
    entered = {"holder": await name_of(books), "bank": "某银行（示例）", "account": "6200000000000009876"}
    answer = await books.shop.call("S01", "POST", "/v1/supplier/payout-accounts", entered)
    assert answer.status_code == 201
    assert (answer.json()["account"], answer.json()["verified_at"]) == ("**** **** 9876", None)
    assert (await run(books)).json()["without_account"] == ["JS202610S01"]
    assert (await books.statement("2026-10")).status is settlement.Status.CONFIRMED
    waiting = await books.shop.call("operator", "GET", "/v1/operator/payout-accounts")
    found = next(one for one in waiting.json()["items"] if one["id"] == answer.json()["id"])
    for _ in range(2):
        path = f"/v1/operator/payout-accounts/{found['id']}/verify"
        verified = await books.shop.call("operator", "POST", path)
        assert verified.json()["verified_at"] == LATER.isoformat().replace("+00:00", "Z")
    waiting = (await books.shop.call("operator", "GET", "/v1/operator/payout-accounts")).json()["items"]
    assert found["id"] not in {one["id"] for one in waiting}
    assert len((await run(books)).json()["payouts"]) == 1


async def test_a_new_account_is_paid_into_once_it_is_verified(books):
    await ready(books)
    entered = {"holder": await name_of(books), "bank": "某银行（示例）", "account": "6200000000000009876"}
    await books.shop.call("S01", "POST", "/v1/supplier/payout-accounts", entered)
    listed = await books.shop.call("S01", "GET", "/v1/supplier/payout-accounts")
    assert {one["account"][-4:] for one in listed.json()["items"]} >= {"9876", "1234"}
    others = (await books.shop.call("S08", "GET", "/v1/supplier/payout-accounts")).json()["items"]
    assert "9876" not in {one["account"][-4:] for one in others}
    async with books.db.read() as session:
        found = await paid_into(session, books.supplier("S01"))
    assert found.details.account[-4:] == "1234"
    kept = await books.shop.scalar(
        "SELECT string_agg(encode(details_sealed, 'escape'), '') FROM settlement_payout_account"
    )
    assert "6200000000000009876" not in kept


async def test_money_goes_to_an_account_of_the_suppliers_name(books):
    entered = {"holder": "别的公司（示例）", "bank": "某银行（示例）", "account": "6200000000000009876"}
    refused = await books.shop.call("S01", "POST", "/v1/supplier/payout-accounts", entered)
    assert (refused.status_code, refused.json()["code"]) == (422, "account_name_differs")
    assert refused.json()["errors"][0]["pointer"] == "/holder"
    listed = (await books.shop.call("S01", "GET", "/v1/supplier/payout-accounts")).json()["items"]
    assert "9876" not in {one["account"][-4:] for one in listed}


async def test_only_an_owner_says_where_the_money_goes(books):
    shop = books.shop
    entered = {"holder": await name_of(books), "bank": "某银行（示例）", "account": "6200000000000009876"}
    staff = await join(shop, PHONE)
    refused = await shop.call(staff, "POST", "/v1/supplier/payout-accounts", entered)
    assert (refused.status_code, refused.json()["code"]) == (403, "owners_only")
    made = await shop.call("S01", "POST", "/v1/supplier/api-keys", {"name": "ERP", "scopes": ["settlements:write"]})
    async with shop.http() as http:
        keyed = {"Authorization": f"Bearer {made.json()['key']}"}
        refused = await http.post("/v1/supplier/payout-accounts", json=entered, headers=keyed)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert await shop.scalar("SELECT count(*) FROM settlement_payout_account WHERE tail = '9876'") == 0
    assert (await shop.call("S01", "POST", "/v1/supplier/payout-accounts", entered)).status_code == 201
    seen = (await shop.call(staff, "GET", "/v1/supplier/payout-accounts")).json()["items"]
    assert "**** **** 9876" in {one["account"] for one in seen}


async def approved_again(books: Books) -> None:
    """S01 was stopped for a moment."""
    operator, now = books.shop.actor("operator"), books.shop.clock()
    async with books.db.write() as session:
        await suppliers.suspend(session, books.supplier("S01"), by=operator, now=now)
        await suppliers.approve(session, books.supplier("S01"), by=operator, now=now)
    await books.shop.settle()


async def test_an_approved_supplier_is_paid_where_its_application_says_once_that_is_verified(books):
    await approved_again(books)
    (named,) = (await books.shop.call("S01", "GET", "/v1/supplier/payout-accounts")).json()["items"]
    assert (named["holder"], named["verified_at"]) == (await name_of(books), None)
    async with books.db.read() as session:
        bank = await suppliers.bank_account(session, books.supplier("S01"))
    assert named["account"][-4:] == bank.account_no[-4:]
    await ready(books, account=False)
    assert (await run(books)).json()["without_account"] == ["JS202610S01"]
    await books.shop.call("operator", "POST", f"/v1/operator/payout-accounts/{named['id']}/verify")
    assert len((await run(books)).json()["payouts"]) == 1


async def test_what_a_supplier_entered_counts_and_not_its_application(books):
    await books.do(text("DELETE FROM settlement_payout_account"))
    await books.account(FIFTH)
    await approved_again(books)
    (own,) = (await books.shop.call("S01", "GET", "/v1/supplier/payout-accounts")).json()["items"]
    assert own["account"] == "**** **** 1234"


async def test_what_the_provider_could_not_pay_is_paid_by_a_later_run(books):
    await ready(books, number="6200000000000000000")
    await run(books)
    await books.shop.settle()
    (failed,) = await payouts(books, status="failed")
    assert failed["failure"] == "ACCOUNT_ABNORMAL"
    assert (await books.statement("2026-10")).status is settlement.Status.FAILED
    assert await books.postings("payout") == []
    assert await books.breaks() == []
    await books.account(LATER)
    books.shop.clock.advance(hours=1)
    await run(books)
    await books.shop.settle()
    assert [one["status"] for one in await payouts(books)] == ["paid", "failed"]
    assert (await books.statement("2026-10")).status is settlement.Status.PAID
    assert await books.breaks() == []


class TestNotifications:
    @pytest.fixture
    async def payout(self, books):
        await ready(books)
        ((one,),) = [(await run(books)).json()["payouts"]]
        return one

    async def status(self, books):
        return (await books.statement("2026-10")).status

    async def test_a_repeat_changes_nothing(self, books, payout):
        for _ in range(3):
            assert (await notify(books, payout["number"], 9_320)).status_code == 204
        assert len(await books.postings("payout")) == 1
        assert await self.status(books) is settlement.Status.PAID

    @pytest.mark.parametrize(
        "told",
        [
            {"amount": 9_319},
            {"amount": 9_320, "reference": "F2"},
            {"amount": 9_320, "result": "CLOSED", "reason": "ACCOUNT_ABNORMAL"},
        ],
    )
    async def test_what_contradicts_itself_is_refused(self, books, payout, told):
        assert (await notify(books, payout["number"], 9_320)).status_code == 204
        answer = await notify(books, payout["number"], **told)
        assert (answer.status_code, answer.json()["code"]) == (409, "payout_contradicted")
        assert len(await books.postings("payout")) == 1
        assert await self.status(books) is settlement.Status.PAID

    async def test_a_failure_that_turns_out_paid_is_refused_and_looked_into(self, books, payout):
        """Another payout may be on its way by then."""
        told = {"result": "CLOSED", "reason": "ACCOUNT_ABNORMAL"}
        assert (await notify(books, payout["number"], 9_320, **told)).status_code == 204
        assert (await notify(books, payout["number"], 9_320)).status_code == 409
        assert await self.status(books) is settlement.Status.FAILED

    @pytest.mark.usefixtures("payout")
    async def test_nobodys_number_is_not_found(self, books):
        assert (await notify(books, "FZ1", 9_320)).status_code == 404

    async def test_what_is_not_signed_is_not_believed(self, books, payout):
        forged = await notify(books, payout["number"], 9_320, **{"Sandbox-Nonce": "another"})
        assert (forged.status_code, forged.json()["code"]) == (401, "invalid_signature")
        stale = await notify(books, payout["number"], 9_320, now=LATER - timedelta(hours=1))
        assert (stale.status_code, stale.json()["code"]) == (400, "stale_notification")
        assert await self.status(books) is settlement.Status.PAYING

    async def test_another_providers_word_is_nobodys(self, books):
        async with books.shop.http() as http:
            answer = await http.post("/v1/notifications/payouts/wechat", content=b"{}")
        assert answer.status_code == 404


class TestByHand:
    """The provider never answered, and somebody asked it."""

    @pytest.fixture
    async def payout(self, books):
        await ready(books)
        (one,) = (await run(books)).json()["payouts"]
        return one

    async def end(self, books, payout, body, who="operator"):
        return await books.shop.call(who, "POST", f"/v1/operator/payouts/{payout['id']}/end", body)

    async def test_it_was_paid(self, books, payout):
        for _ in range(2):
            done = await self.end(books, payout, {"reference": "F1"})
            assert (done.status_code, done.json()["status"]) == (200, "paid")
        async with books.db.read() as session:
            found = await settlement.get(session, (await books.statement("2026-10")).id)
        assert (found.status, found.history[-1].party) == ("paid", "operator")
        assert (await notify(books, payout["number"], 9_320)).status_code == 204
        assert (await notify(books, payout["number"], 9_320, reference="F2")).status_code == 409
        assert len(await books.postings("payout")) == 1
        assert await books.breaks() == []

    async def test_it_had_failed_and_is_paid_by_the_next_run(self, books, payout):
        done = await self.end(books, payout, {"failure": "ACCOUNT_ABNORMAL"})
        assert done.json()["status"] == "failed"
        books.shop.clock.advance(hours=1)
        assert len((await run(books)).json()["payouts"]) == 1
        assert await books.breaks() == []

    @pytest.mark.parametrize("body", [{}, {"reference": "F1", "failure": "X"}, {"reference": "F 1"}])
    async def test_it_is_one_of_the_two(self, books, payout, body):
        assert (await self.end(books, payout, body)).status_code == 422
        assert (await books.statement("2026-10")).status is settlement.Status.PAYING

    async def test_nobody_else_says_so(self, books, payout):
        assert (await self.end(books, payout, {"reference": "F1"}, "S01")).status_code == 403


class TestCrashes:
    """Between the decision and the provider's answer anything may break."""

    @pytest.fixture
    async def fake(self, books):
        await ready(books)
        splitter = FakeSplitter()
        books.db.wiring = build(books.shop.settings).without_couriers()
        books.db.wiring.courier(PayoutInstructed, instruct_with(splitter), name="settlement.instruct_provider")
        return splitter

    async def couriers(self, books, hours):
        return await run_couriers(books.db, LATER + timedelta(hours=hours), limit=1)

    async def test_a_provider_that_is_away_is_asked_again_under_the_same_number(self, books, fake):
        made = await books.run(LATER)
        fake.away = 2
        for hours in (0, 1, 2):
            assert await self.couriers(books, hours) == 1
        assert await self.couriers(books, 3) == 0
        assert list(fake.orders) == [made.payouts[0].number]

    async def test_an_answer_that_is_lost_pays_nobody_twice(self, books, fake):
        made = await books.run(LATER)
        fake.silent = 2
        for hours in (0, 1, 2):
            assert await self.couriers(books, hours) == 1
        assert list(fake.orders) == [made.payouts[0].number]
        assert await books.paid(made, LATER) == 1
        assert await books.paid(made, LATER) == 0

    async def test_one_that_is_told_before_the_provider_was_asked_again_is_left_alone(self, books, fake):
        made = await books.run(LATER)
        fake.silent = 1
        await self.couriers(books, 0)
        await books.paid(made, LATER)
        fake.orders.clear()
        assert await self.couriers(books, 1) == 1
        assert fake.orders == {}

    async def test_what_is_not_answered_is_never_instructed_anew(self, books, fake):
        await books.run(LATER)
        await self.couriers(books, 0)
        assert (await books.run(LATER + 90 * DAY)).payouts == ()
        assert len(fake.orders) == 1

    async def test_the_fake_is_strict(self, books, fake):
        made = await books.run(LATER)
        async with books.db.read() as session:
            (payout,) = await settlement.payouts(session, limit=9)
        order = {"payout_id": payout.id, "statement_id": payout.statement_id, "supplier_id": payout.supplier_id}
        fact = PayoutInstructed(**order, amount_fen=payout.amount_fen, at=LATER)
        call = CourierCall(delivery_id=payout.id, attempt=1, now=LATER, db=books.db)
        await instruct_with(fake)(call, fact)
        await books.do(text("ALTER TABLE settlement_payout DISABLE TRIGGER USER"))
        await books.do(text("UPDATE settlement_payout SET number = 'FZ2' WHERE id = :id"), id=made.payouts[0].id)
        with pytest.raises(AssertionError, match="paid twice"):
            await instruct_with(fake)(call, fact)
        fake.away = 1
        with pytest.raises(NotAccepted):
            await instruct_with(fake)(call, fact)


async def test_of_two_runs_at_once_each_statement_is_in_one(fresh_shop):
    books = Books(fresh_shop, fresh_shop.db)
    await books.account(FIFTH)
    await books.account(FIFTH, who="S08")
    await books.sell(OCTOBER, Piece())
    await books.sell(OCTOBER, Piece("NO02"), who="S08")
    await books.issue("2026-10", FIFTH)
    await books.confirm_all(FIFTH)
    runs = await asyncio.gather(*(books.run(LATER) for _ in range(6)))
    made = [payout for one in runs for payout in one.payouts]
    assert len(made) == len({payout.statement_id for payout in made}) == 2
    outcomes = [settlement.Outcome("sandbox", one.number, one.amount_fen, f"F{one.number}") for one in made]

    async def told(db: Database, outcome):
        async with db.write() as session:
            return await settlement.settle(session, [outcome], now=LATER)

    ended = await asyncio.gather(*(told(fresh_shop.db, outcome) for outcome in outcomes * 4))
    assert sum(ended) == 2
    assert len(await books.postings("payout")) == 2
    fresh_shop.clock.at = LATER
    assert await books.breaks() == []


async def test_months_that_are_settled_at_once_are_settled_once(fresh_shop):
    books = Books(fresh_shop, fresh_shop.db)
    for number in range(4):
        sold = await books.sell(OCTOBER + number * DAY, Piece(), freight=100)
        await books.refund(OCTOBER + number * DAY, sold, 77)
    issued = await asyncio.gather(*(books.issue("2026-10", FIFTH) for _ in range(5)), books.post(FIFTH))
    assert sum(issued[:5]) == 1
    october = await books.statement("2026-10")
    assert (october.row_count, october.net_fen) == (12, 4 * (9_500 + 100 - 73))


async def test_a_run_is_not_filled_by_those_who_cannot_be_paid(books):
    await books.account(FIFTH, who="S08")
    await books.sell(OCTOBER, Piece())
    await books.sell(OCTOBER, Piece("NO02"), who="S08")
    await books.issue("2026-10", FIFTH)
    await books.confirm_all(FIFTH)
    async with books.db.write() as session:
        made = await settlement.run_payouts(
            session,
            month=None,
            provider="sandbox",
            alone_up_to_fen=10**9,
            by=books.shop.actor("operator"),
            now=LATER,
            limit=1,
        )
    assert [one.supplier_id for one in made.payouts] == [books.supplier("S08")]
    assert made.without_account == ("JS202610S01",)


_KEPT = {
    "settlement_draft": {"status", "decided_by", "decided_at", "decision"},
    "settlement_statement": {"status", "confirm_by", "paid_at"},
    "settlement_payout": {"status", "provider_reference", "failure", "settled_at", "waited_s"},
}


@pytest.mark.parametrize("table", _KEPT)
async def test_what_was_issued_and_instructed_stays_as_it_is(books, table):
    await ready(books)
    await run(books)
    columns = {column.name for column in Base.metadata.tables[table].columns}
    frozen = [f"UPDATE {table} SET {column} = {column}" for column in sorted(columns - _KEPT[table])]
    for statement in (*frozen, f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DBAPIError, match="append-only"):
            await books.do(text(statement))
    for column in _KEPT[table]:
        await books.do(text(f"UPDATE {table} SET {column} = {column}"))

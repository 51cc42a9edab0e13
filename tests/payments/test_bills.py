"""The daily reconciliation: bills as they are written, five kinds of differences, a queue, days that close."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.errors import InvalidInput
from app.payments import service
from app.payments.lifecycle import DAY_TRANSITIONS, DayStep
from app.payments.models import ReconciledDayRow
from app.payments.rules.bills import (
    BillKind,
    BillUnreadable,
    DayIsClosed,
    DayStatus,
    DifferenceKind,
    Leg,
    Own,
    RowKind,
    compare,
    fee_of,
    read,
    unpacked,
)
from tests.payments import bills

DAY = date(2026, 11, 19)
AT = datetime(2026, 11, 19, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 19, 15, 59, 50, tzinfo=UTC)
ROOT = "/v1/operator/reconciliation-days/wechat_native"
QUEUE = "/v1/operator/reconciliation-differences"
_PAYMENT = text("""
INSERT INTO payments_payment (id, provider, reference, payer_id, description, amount_fen, refunded_fen, status,
    provider_transaction, created_at, captured_at, closed_at)
VALUES (:id, 'wechat_native', :id, :id, '', :fen, 0, :status, CASE WHEN :status = 'captured' THEN :number END, :at,
    CASE WHEN :status = 'captured' THEN CAST(:at AS timestamptz) END,
    CASE WHEN :status = 'closed' THEN CAST(:at AS timestamptz) END)
""")
_REFUND = text("""
INSERT INTO payments_refund (id, payment_id, number, reference, amount_fen, reason, status, provider_refund,
    requested_at, settled_at)
VALUES (gen_random_uuid(), :payment_id, :number, gen_random_uuid(), :fen, '', :status,
    CASE WHEN :status = 'requested' THEN NULL ELSE 'R' || :number END, :at,
    CASE WHEN :status = 'requested' THEN NULL ELSE CAST(:at AS timestamptz) END)
""")


async def pay(shop, fen, at=AT, status="captured") -> UUID:
    payment_id = uuid4()
    async with shop.db.write() as session:
        values = {"id": payment_id, "fen": fen, "status": status, "number": f"42{payment_id.hex[:20]}", "at": at}
        await session.execute(_PAYMENT, values)
    return payment_id


async def give_back(shop, payment_id, number, fen, at=AT, status="succeeded"):
    async with shop.db.write() as session:
        values = {"payment_id": payment_id, "number": number, "fen": fen, "status": status, "at": at}
        await session.execute(_REFUND, values)


async def upload(shop, kind, content, day=DAY, *, who="operator", sha1=None, status=200, root=ROOT):
    async with shop.http(who) as http:
        query = f"kind={kind}" + (f"&sha1={sha1}" if sha1 else "")
        answer = await http.post(f"{root}/{day}/bills?{query}", files={"file": ("bill.csv", content)})
    assert answer.status_code == status, answer.text
    return answer.json()


async def both(shop, *trades, account=None, day=DAY):
    await upload(shop, "trade", bills.trade(*trades), day)
    return await upload(shop, "fund_flow", bills.funds(*(trades if account is None else account)), day)


async def call(shop, method, path, body=None, status=200, who="operator"):
    answer = await shop.call(who, method, path, body, key=None)
    assert answer.status_code == status, answer.text
    return answer.json()


async def queue(shop, query="status=open"):
    items = (await call(shop, "GET", f"{QUEUE}?{query}"))["items"]
    return sorted(
        (one["kind"], one["leg"], one["about"], one["key"], one["ours_fen"], one["theirs_fen"]) for one in items
    )


@pytest.fixture
async def traded(shop):
    """A day on which all agree: two payments and a refund."""
    first, second = await pay(shop, 12_800), await pay(shop, 3_990)
    await give_back(shop, first, "RF1", 500)
    return bills.paid(first, AT, 12_800), bills.paid(second, AT, 3_990), bills.refunded("RF1", AT, 500)


class TestADay:
    async def test_on_which_all_agree_is_closed(self, shop, traded):
        seen = await upload(shop, "trade", bills.packed(bills.trade(*traded)))
        assert (seen["status"], seen["compared_at"], seen["fund_flow_sha256"]) == ("open", None, None)
        refused = await call(shop, "POST", f"{ROOT}/{DAY}/close", status=409)
        assert refused["code"] == "bills_missing"
        seen = await upload(shop, "fund_flow", bills.funds(*traded))
        assert (seen["rows"], seen["open"], seen["waiting"]) == (3 + 6, 0, 0)
        assert seen["trade_sha256"] == hashlib.sha256(bills.trade(*traded)).hexdigest()
        closed = await call(shop, "POST", f"{ROOT}/{DAY}/close")
        assert (closed["status"], closed["closed_by"]) == ("closed", str(shop.accounts["operator"].id))
        for path in ("close", "compare"):
            assert (await call(shop, "POST", f"{ROOT}/{DAY}/{path}", status=409))["code"] == "day_is_closed"
        await upload(shop, "trade", bills.trade(*traded))  # the same again is harmless
        refused = await upload(shop, "trade", bills.trade(*traded[:2]), status=409)
        assert refused["code"] == "day_is_closed"

    async def test_is_over_before_it_is_closed(self, shop):
        today = date(2026, 11, 20)
        one = bills.paid(await pay(shop, 100, shop.clock()), shop.clock(), 100)
        await both(shop, one, day=today)
        assert (await call(shop, "POST", f"{ROOT}/{today}/close", status=409))["code"] == "day_not_ready"

    async def test_is_listed(self, shop, traded):
        await both(shop, *traded)
        await both(shop, day=DAY - timedelta(days=1))
        first = await call(shop, "GET", "/v1/operator/reconciliation-days?limit=1&provider=wechat_native")
        rest = await call(shop, "GET", f"/v1/operator/reconciliation-days?status=open&cursor={first['next_cursor']}")
        assert [one["day"] for one in first["items"] + rest["items"]] == ["2026-11-19", "2026-11-18"]
        assert (await call(shop, "GET", f"{ROOT}/{DAY}"))["rows"] == 9
        assert (await call(shop, "GET", f"{ROOT}/2026-11-01", status=404))["code"] == "not_found"
        for who in ("S01", "officer", "buyer"):
            await call(shop, "GET", f"{ROOT}/{DAY}", status=403, who=who)


class TestDifferences:
    async def test_of_every_kind(self, shop, traded):
        paid, other, back = traded
        unpaid = await pay(shop, 700, status="closed")
        missing = await pay(shop, 1_500)
        failed = await pay(shop, 2_000)
        await give_back(shop, failed, "RF2", 900, status="failed")
        strange = bills.paid(uuid4(), AT, 4_400)
        trades = (
            bills.other(paid, fen=12_700),
            bills.other(other, fee=99),
            bills.other(back, fee=3),
            bills.paid(unpaid, AT, 700),
            strange,
            bills.paid(failed, AT, 2_000),
            bills.refunded("RF2", AT, 900),
            bills.refunded("RF9", AT, 10),
        )
        await both(shop, *trades, day=DAY)
        await both(shop, day=DAY + timedelta(days=1))
        await call(shop, "POST", f"{ROOT}/{DAY}/compare")
        assert await queue(shop) == [
            ("AMOUNT", "trade", "payment", paid.key, 12_800, 12_700),
            ("FEE", "trade", "payment", other.key, 24, 99),
            ("LONG", "trade", "payment", strange.key, None, 4_400),
            ("LONG", "trade", "refund", "RF9", None, 10),
            ("SHORT", "trade", "payment", missing.hex, 1_500, None),
            ("STATUS", "trade", "payment", unpaid.hex, 700, 700),
            ("STATUS", "trade", "refund", "RF2", 900, 900),
        ]

    async def test_of_the_account(self, shop, traded):
        paid, other, back = traded
        withdrawn = ("提现", "提现", "支出", "10.00", "W1", "T-W")
        split = ("分账", "分账", "支出", "6.40", "FS1", "T-S")
        account = bills.funds(bills.other(paid, fee=80), bills.other(back, fen=400), more=(withdrawn, split))
        await upload(shop, "trade", bills.trade(*traded))
        seen = await upload(shop, "fund_flow", account)
        assert seen["open"] == 4
        assert await queue(shop) == [
            ("AMOUNT", "funds", "refund", "RF1", -500, -400),
            ("FEE", "funds", "payment", paid.key, 77, 80),
            ("FEE", "funds", "refund", "RF1", -3, -2),
            ("SHORT", "funds", "payment", other.key, 3_990, None),
        ]

    async def test_of_midnight_settle_themselves(self, shop):
        late = await pay(shop, 8_000, MIDNIGHT)
        seen = await both(shop)
        assert (seen["open"], seen["waiting"]) == (0, 1)
        assert await queue(shop, "status=waiting") == [("SHORT", "trade", "payment", late.hex, 8_000, None)]
        assert (await call(shop, "POST", f"{ROOT}/{DAY}/close", status=409))["code"] == "day_not_ready"
        after = bills.paid(late, MIDNIGHT + timedelta(seconds=20), 8_000)
        seen = await both(shop, after, day=DAY + timedelta(days=1))
        assert seen["open"] == 0
        assert (await call(shop, "POST", f"{ROOT}/{DAY}/close"))["status"] == "closed"
        assert await queue(shop, "status=resolved") == [("SHORT", "trade", "payment", late.hex, 8_000, None)]

    async def test_are_explained_and_anew_when_they_change(self, shop, traded):
        paid = traded[0]
        wrong = bills.other(paid, fen=12_700), *traded[1:]
        seen = await both(shop, *wrong)
        assert seen["open"] == 1
        (one,) = (await call(shop, "GET", f"{QUEUE}?day={DAY}&provider=wechat_native"))["items"]
        refused = await call(shop, "POST", f"{ROOT}/{DAY}/close", status=409)
        assert (refused["code"], "1" in refused["detail"]) == ("day_not_ready", True)
        said = await call(shop, "POST", f"{QUEUE}/{one['id']}/explain", {"explanation": "渠道少记一元"})
        assert (said["status"], said["explanation"]) == ("explained", "渠道少记一元")
        assert (await call(shop, "POST", f"{ROOT}/{DAY}/compare"))["explained"] == 1  # the same: stays
        seen = await both(shop, bills.other(paid, fen=12_600), *traded[1:])
        assert (seen["open"], seen["explained"]) == (1, 0)
        seen = await both(shop, *traded)
        assert (seen["open"], seen["explained"]) == (0, 0)
        assert ("AMOUNT", "trade", "payment", paid.key, 12_800, 12_600) in await queue(shop, "status=resolved")
        assert await shop.scalar("SELECT count(*) FROM payments_bill WHERE replaced_at IS NOT NULL") == 4
        await call(shop, "POST", f"{ROOT}/{DAY}/close")
        refused = await call(shop, "POST", f"{QUEUE}/{one['id']}/explain", {"explanation": "…"}, 409)
        assert refused["code"] == "day_is_closed"

    async def test_that_are_explained_let_a_day_close(self, shop, traded):
        await both(shop, bills.other(traded[0], fen=12_700), *traded[1:])
        (one,) = (await call(shop, "GET", f"{QUEUE}?status=open"))["items"]
        gauges = (await shop.call(None, "GET", "/metrics", key=None)).text
        assert "reconciliation_open_differences 1\n" in gauges
        await call(shop, "POST", f"{QUEUE}/{one['id']}/explain", {"explanation": "渠道少记一元"})
        closed = await call(shop, "POST", f"{ROOT}/{DAY}/close")
        assert (closed["status"], closed["explained"]) == ("closed", 1)
        assert len(await queue(shop, "status=explained")) == 1


class TestBills:
    async def test_are_what_the_provider_sent(self, shop, traded):
        content = bills.trade(*traded)
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        await upload(shop, "trade", bills.packed(content), sha1=sha1)
        refused = await upload(shop, "trade", content, sha1="0" * 40, status=422)
        assert refused["code"] == "bill_hash_differs"

    async def test_belong_to_their_day(self, shop, traded):
        refused = await upload(shop, "trade", bills.trade(*traded), date(2026, 11, 18), status=422)
        assert refused["code"] == "bill_of_another_day"

    async def test_of_a_bank_are_statements(self, shop):
        root = "/v1/operator/reconciliation-days/bank_transfer"
        refused = await upload(shop, "trade", bills.trade(), status=422, root=root)
        assert refused["code"] == "provider_not_available"

    async def test_stay_as_they_came(self, shop, traded):
        await both(shop, *traded)
        for statement in ("UPDATE payments_bill_row SET amount_fen = 1", "DELETE FROM payments_bill_row"):
            with pytest.raises(DBAPIError, match="append-only"):
                async with shop.db.write() as session:
                    await session.execute(text(statement))

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\x1f\x8bnot gzip at all",
            gzip.compress(bills.trade())[:-4],
            bills.TRADE.encode(),
            "交易时间".encode("gbk"),
            bills.trade(bills.refunded("R", AT, 1)).replace("微信退款单号".encode(), "别的".encode()),
            bills.trade(bills.refunded("R", AT, 1), sums=["2", "0", "0", "0", "0", "0", "0"]),
        ],
    )
    def test_that_are_none_are_refused(self, raw):
        with pytest.raises(BillUnreadable):
            read(raw, BillKind.TRADE)

    @pytest.mark.parametrize(("was", "now"), [("128.00", "128.001"), ("2026-11-19", "2026-13-19"), (",`CNY", "")])
    def test_cells_that_cannot_be_read_are_named(self, was, now):
        raw = bills.trade(bills.paid(uuid4(), AT, 12_800)).replace(was.encode(), now.encode())
        with pytest.raises(InvalidInput) as refused:
            read(raw, BillKind.TRADE)
        assert refused.value.faults[0].pointer == "/rows/2"

    def test_a_bomb_is_not_unpacked(self):
        with pytest.raises(BillUnreadable, match="64"):
            unpacked(gzip.compress(bytes(65 << 20)))

    def test_the_shape_of_a_row(self):
        """As in the provider's own example (domain handbook §6.2): another width of the fee, nothing refunded."""
        row = (
            "`2021-01-28 17:07:11,`wx81be,`1601959334,`0,`,`4200000925202101284997714292,`S20210128170702357723,"
            "`ofyak5,`NATIVE,`SUCCESS,`OTHERS,`CNY,`0.01,`0.00,`0,`0,`0.00,`0.00,`,`,`for testing,`cipher code,"
            "`0.00000,`1.00%,`0.01,`0.00,`"
        )
        sums = "`1,`0.01,`0.00,`0.00,`0.00000,`0.01,`0.00"
        raw = f"{bills.TRADE}\n{row}\n{bills.TRADE_SUMS}\n{sums}".encode()
        (one,) = read(raw, BillKind.TRADE).rows
        assert (one.kind, one.key, one.amount_fen, one.fee_fen, one.rate_bp) == (
            RowKind.PAYMENT, "S20210128170702357723", 1, 0, 100,
        )  # fmt: skip


async def test_bills_that_come_at_once_are_compared_once_each_and_a_day_closes_once(fresh_shop):
    shop = fresh_shop
    paid = bills.paid(await pay(shop, 12_800), AT, 12_700)
    trade = read(bills.trade(paid), BillKind.TRADE)
    account = read(bills.funds(paid), BillKind.FUND_FLOW)
    by, now = shop.accounts["operator"].id, shop.clock()

    async def hand_in(bill):
        async with shop.db.write() as session:
            await service.import_bill(session, "wechat_native", DAY, bill, sha1=None, by=by, now=now)

    await asyncio.gather(*(hand_in(bill) for bill in (trade, account) * 4))
    assert await shop.scalar("SELECT count(*) FROM payments_bill") == 2
    assert await shop.scalar("SELECT count(*) FROM payments_difference") == 1
    (one,) = (await call(shop, "GET", QUEUE))["items"]
    await call(shop, "POST", f"{QUEUE}/{one['id']}/explain", {"explanation": "已核对"})

    async def close():
        try:
            async with shop.db.write() as session:
                await service.close_day(session, "wechat_native", DAY, by=by, now=now)
        except DayIsClosed:
            return 0
        return 1

    assert sum(await asyncio.gather(*(close() for _ in range(5)))) == 1


_NUMBERS = st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(1, 10**6), max_size=8)


@given(_NUMBERS, _NUMBERS, st.sets(st.sampled_from("ABCDEFGH")), st.booleans())
def test_what_both_have_agrees_and_everything_else_is_found_once(ours, theirs, beside, next_known):
    own = {key: Own(RowKind.PAYMENT, key, fen, done=True, failed=False) for key, fen in ours.items()}
    trades = [bills.Traded(AT, key, f"T{key}", fen) for key, fen in theirs.items()]
    rows = read(bills.trade(*trades), BillKind.TRADE).rows
    account = read(bills.funds(*trades), BillKind.FUND_FLOW).rows
    named = {(RowKind.PAYMENT, key): one for key, one in own.items()}
    found = compare(
        own.values(), named, rows, {(RowKind.PAYMENT, key) for key in beside}, account, next_known=next_known
    )
    assert {one.leg for one in found} <= {Leg.TRADE}
    kinds = {one.key: one.kind for one in found}
    assert len(kinds) == len(found)
    expected = dict.fromkeys(theirs.keys() - ours.keys(), DifferenceKind.LONG)
    expected |= dict.fromkeys(ours.keys() - theirs.keys() - beside, DifferenceKind.SHORT)
    expected |= {key: DifferenceKind.AMOUNT for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]}
    assert kinds == expected
    assert {one.waits for one in found if one.kind is DifferenceKind.SHORT} <= {not next_known}


@given(st.integers(0, 10**9), st.integers(0, 300))
def test_a_fee_is_rounded_half_up(fen, rate):
    assert abs(fee_of(fen, rate) * 10_000 - fen * rate) <= 5_000


@pytest.mark.parametrize("status", DayStatus)
@pytest.mark.parametrize("step", DayStep)
def test_every_step_of_a_day(status, step):
    row = ReconciledDayRow(status=status.value)
    reached = DAY_TRANSITIONS[status].get(step)
    assert row.take(step) is (reached is not None)
    assert row.status == (reached or status)

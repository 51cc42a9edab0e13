"""Money without a statement's code: recognised by payer, amount and time, confirmed by a person, once."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from uuid import uuid4

from app import wholesale
from app.wholesale.rules.money import REMINDED_AT, SUGGESTED_AFTER_DUE, Bucket, Open, bucket_of, next_reminder, suggest
from tests.wholesale.test_money import invoiced, look, transfer
from tests.wholesale.test_statements import call

MONEY = "/v1/operator/partner-money"
SENT, DUE = date(2026, 12, 3), date(2027, 1, 4)


def one(fen=1_000) -> Open:
    return Open(uuid4(), "DZ", fen, SENT, DUE)


def test_only_the_one_statement_that_fits_is_suggested():
    first, other = one(), one(2_000)
    assert suggest(1_000, SENT, [first, other]) is first
    assert suggest(1_001, SENT, [first, other]) is None
    assert suggest(1_000, SENT, [first, one()]) is None
    assert suggest(1_000, SENT - timedelta(days=1), [first]) is None
    assert suggest(1_000, DUE + SUGGESTED_AFTER_DUE, [first]) is first
    assert suggest(1_000, DUE + SUGGESTED_AFTER_DUE + timedelta(days=1), [first]) is None
    assert suggest(1_000, SENT, []) is None


async def test_money_by_the_registered_name_and_the_exact_amount_is_suggested_and_confirmed_once(market):
    statement = await invoiced(market)
    owed = statement["payable_fen"]
    await transfer(market, "1", owed, "11月货款")
    await transfer(market, "2", owed - 1, "货款")
    await transfer(market, "3", owed, "货款", payer="别家公司（示例）")
    found = {item["serial"]: item for item in (await call(market, "operator", "GET", MONEY))["items"]}
    assert found["1"]["suggestion"]["number"] == statement["number"]
    assert (found["2"]["suggestion"], found["2"]["partner_id"]) == (None, statement["partner_id"])
    assert [waiting["open_fen"] for waiting in found["2"]["open"]] == [owed]
    assert (found["3"]["suggestion"], found["3"]["partner_id"], found["3"]["open"]) == (None, None, [])
    assert (await look(market, statement))["paid_fen"] == 0
    body = {"statement_id": statement["id"]}
    for serial in ("2", "3"):
        refused = await market.shop.call("operator", "POST", f"{MONEY}/{found[serial]['entry_id']}/confirm", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "suggestion_outdated")
    for _ in range(2):
        done = await call(market, "operator", "POST", f"{MONEY}/{found['1']['entry_id']}/confirm", body)
        assert (done["status"], done["paid_fen"]) == ("paid", owed)
    left = await call(market, "operator", "GET", f"{MONEY}?limit=1")
    rest = await call(market, "operator", "GET", f"{MONEY}?cursor={left['next_cursor']}")
    items = [*left["items"], *rest["items"]]
    assert {(item["serial"], item["suggestion"]) for item in items} == {("2", None), ("3", None)}
    assert await market.credit() == 0
    assert await market.shop.breaks() == []


async def test_two_who_confirm_one_suggestion_pay_once(fresh_market):
    market = fresh_market
    statement = await invoiced(market)
    await transfer(market, "1", statement["payable_fen"], "货款")
    (found,) = (await call(market, "operator", "GET", MONEY))["items"]
    path, body = f"{MONEY}/{found['entry_id']}/confirm", {"statement_id": statement["id"]}
    answers = await asyncio.gather(
        *(market.shop.call(who, "POST", path, body) for who in ("operator", "operator2", "operator", "operator2"))
    )
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    owed = statement["payable_fen"]
    assert await market.shop.rows("SELECT count(*), sum(amount_fen) FROM wholesale_payment") == [(1, owed)]
    assert await market.credit() == 0
    assert await market.shop.breaks() == []


async def test_suggestions_are_the_operators(market):
    for who in ("P01", "S01", "officer"):
        assert (await market.shop.call(who, "GET", MONEY)).status_code == 403


async def test_reminders_that_were_sent_and_the_next_are_told_to_both_sides(market):
    statement = await invoiced(market)
    due_on, clock = date.fromisoformat(statement["due_on"]), market.shop.clock
    mine, all_ = "/v1/partner/account/reminders", "/v1/operator/partner-reminders"
    assert (await call(market, "P01", "GET", mine))["items"] == []
    seen = []
    for days in (-3, -1, 0, 1, 14, 15, 61):
        clock.advance(days=(due_on + timedelta(days=days) - market.today).days)
        (before,) = (await call(market, "P01", "GET", mine))["items"]
        async with market.shop.db.write() as session:
            await wholesale.remind(session, now=clock())
        (told,) = (await call(market, "operator", "GET", all_))["items"]
        assert told == (await call(market, "P01", "GET", mine))["items"][0]
        assert (before["next_on"] == market.today.isoformat()) is (days in REMINDED_AT)
        seen.append((days, [one["days"] for one in told["reminders"]], told["next_on"], told["bucket"]))
    day = {days: (due_on + timedelta(days=days)).isoformat() for days in REMINDED_AT}
    assert seen == [
        (-3, [-3], day[0], "not_due"),
        (-1, [-3], day[0], "not_due"),
        (0, [-3, 0], day[1], "not_due"),
        (1, [-3, 0, 1], day[15], "days_1_15"),
        (14, [-3, 0, 1], day[15], "days_1_15"),
        (15, [-3, 0, 1, 15], None, "days_1_15"),
        (61, [-3, 0, 1, 15], None, "over_60"),
    ]
    assert (await call(market, "P02", "GET", mine))["items"] == []
    other = f"{all_}?partner_id={market.partner_id('P02')}"
    assert (await call(market, "operator", "GET", other))["items"] == []
    await transfer(market, "1", statement["payable_fen"], statement["code"])
    assert (await call(market, "operator", "GET", all_))["items"] == []


def test_buckets_and_the_next_reminder():
    for overdue, bucket in ((-9, "not_due"), (0, "not_due"), (1, "days_1_15"), (15, "days_1_15"), (16, "days_16_30")):
        assert bucket_of(DUE, today=DUE + timedelta(days=overdue)) == bucket
    assert bucket_of(DUE, today=DUE + timedelta(days=31)) is Bucket.DAYS_31_60
    assert bucket_of(DUE, today=DUE + timedelta(days=60)) is Bucket.DAYS_31_60
    assert next_reminder(DUE, reminded_on=None, today=DUE - timedelta(days=9)) == DUE - timedelta(days=3)

"""Money of partners from the bank's file: by code, once, in part and too much; ageing and reminders."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from uuid import UUID

from app import wholesale
from app.core.settings import BankSettings
from app.payments.rules.bank import StatementLine
from app.payments.service import import_statement
from tests.wholesale.test_statements import ALL, MINE, call, more_stock, received, stated

BANK = BankSettings(payee="保靖好物（示例）", account="0000100020003000", bank="示例银行", cnaps="000000000000")
_INVOICES = itertools.count(1)


def bill() -> dict[str, str]:
    """An invoice that is over nothing else."""
    return {"invoice_no": f"2643{next(_INVOICES):016}"}


async def invoiced(market):
    """A statement of a hundred boxes that waits for money; gives it."""
    await more_stock(market)
    await received(market)
    statement = await stated(market)
    await call(market, "P01", "POST", f"{MINE}/{statement['id']}/confirm", {})
    return await call(market, "operator", "POST", f"{ALL}/{statement['id']}/invoice", bill())


async def transfer(market, serial, amount, postscript, payer=None):
    """The bank's file tells of money; what it means is heard."""
    name = payer or (await market.shop.rows("SELECT name FROM partners_partner WHERE code = 'P01'"))[0][0]
    line = StatementLine(serial, market.today, name, None, amount, postscript)
    async with market.shop.db.write() as session:
        done = await import_statement(session, [line], bank=BANK, now=market.shop.clock())
    await market.shop.settle()
    return done


async def look(market, statement):
    return await call(market, "P01", "GET", f"{MINE}/{statement['id']}")


async def test_money_with_the_code_pays_once_and_frees_credit(market):
    statement = await invoiced(market)
    owed = statement["payable_fen"]
    assert await market.credit() == owed
    await transfer(market, "1", owed - 500, f"货款 {statement['code'].lower()}")
    seen = await look(market, statement)
    assert (seen["status"], seen["open_fen"], await market.credit()) == ("partially_paid", 500, 500)
    assert (await transfer(market, "1", owed - 500, statement["code"])).repeated == 1
    assert (await look(market, statement))["open_fen"] == 500
    await transfer(market, "2", 700, statement["code"])
    seen = await look(market, statement)
    assert (seen["status"], seen["paid_fen"], await market.credit()) == ("paid", owed, 0)
    ageing = await call(market, "P01", "GET", "/v1/partner/account/ageing")
    assert (ageing["total_fen"], ageing["unapplied_fen"]) == (0, 200)
    assert await market.shop.breaks() == []


async def test_what_was_paid_too_much_or_too_soon_pays_the_next_invoice(market):
    await more_stock(market)
    await received(market)
    statement = await stated(market)
    await transfer(market, "1", 50_000, statement["code"])
    assert (await look(market, statement))["paid_fen"] == 0
    await call(market, "P01", "POST", f"{MINE}/{statement['id']}/confirm", {})
    done = await call(market, "operator", "POST", f"{ALL}/{statement['id']}/invoice", bill())
    assert (done["status"], done["paid_fen"]) == ("partially_paid", 50_000)
    assert await market.credit() == done["open_fen"]
    assert await market.shop.breaks() == []


async def test_what_is_left_over_pays_what_else_is_due(market):
    first = await invoiced(market)
    await more_stock(market, "GT04")
    await received(market, "GT04", 2)
    market.shop.clock.advance(days=31)
    async with market.shop.db.write() as session:
        await wholesale.issue_statements(session, now=market.shop.clock())
    page = await call(market, "P01", "GET", f"{MINE}?month=2026-12")
    second = page["items"][0]
    await call(market, "P01", "POST", f"{MINE}/{second['id']}/confirm", {})
    taken = {"invoice_no": first["invoice_no"]}
    refused = await market.shop.call("operator", "POST", f"{ALL}/{second['id']}/invoice", taken)
    assert (refused.status_code, refused.json()["code"]) == (409, "invoice_no_taken")
    await call(market, "operator", "POST", f"{ALL}/{second['id']}/invoice", bill())
    await transfer(market, "1", first["payable_fen"] + second["payable_fen"] - 7, second["code"])
    assert (await look(market, second))["status"] == "paid"
    assert ((await look(market, first))["open_fen"], await market.credit()) == (7, 7)
    assert await market.shop.breaks() == []


async def test_drawing_sending_and_deciding_at_once_never_wait_in_a_ring(fresh_market):
    market = fresh_market
    await more_stock(market)
    await received(market)
    clock = market.shop.clock
    clock.advance(days=14)
    body = {"partner_id": str(market.partner_id()), "month": "2026-11"}
    drawn = await call(market, "operator", "POST", ALL, body, 201)
    answers = await asyncio.gather(
        *(market.shop.call("operator", "POST", ALL, body) for _ in range(4)),
        market.shop.call("operator", "POST", f"{ALL}/{drawn['id']}/send"),
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert answers[-1].status_code == 200
    assert await market.shop.breaks() == []


async def test_money_of_another_payer_or_without_a_code_waits_for_a_person(market):
    statement = await invoiced(market)
    await transfer(market, "1", 1_000, statement["code"], payer="别家公司（示例）")
    await transfer(market, "2", 2_000, "货款")
    assert (await look(market, statement))["paid_fen"] == 0
    waiting = await call(market, "operator", "GET", "/v1/operator/bank-entries?status=unmatched")
    entries = {entry["serial"]: entry["id"] for entry in waiting["items"]}
    path = f"{ALL}/{statement['id']}/payments"
    for _ in range(2):
        done = await call(market, "operator", "POST", path, {"entry_id": entries["2"]})
        assert done["paid_fen"] == 2_000
    back = f"/v1/operator/bank-entries/{entries['2']}/return"
    assert (await market.shop.call("operator", "POST", back, {"receipt": "R1"})).status_code == 409
    await call(market, "operator", "POST", f"/v1/operator/bank-entries/{entries['1']}/return", {"receipt": "R2"})
    assert (await market.shop.call("operator", "POST", path, {"entry_id": entries["1"]})).status_code == 409
    assert await market.shop.breaks() == []


async def test_ageing_and_reminders_follow_the_calendar(market):
    statement = await invoiced(market)
    owed, due = statement["payable_fen"], statement["due_on"]
    clock = market.shop.clock
    told, buckets = [], {}
    for day in range(115):
        async with market.shop.db.write() as session:
            told += [day] * await wholesale.remind(session, now=clock())
            assert await wholesale.remind(session, now=clock()) == 0
        ageing = await call(market, "operator", "GET", "/v1/operator/partner-ageing")
        (mine,) = [one for one in ageing["partners"] if one["partner_id"] == statement["partner_id"]]
        overdue = (market.today - market.today.fromisoformat(due)).days
        (bucket,) = [name for name, fen in mine.items() if name.endswith("_fen") and fen and name != "total_fen"]
        buckets.setdefault(bucket, []).append(overdue)
        clock.advance(days=1)
    first = market.today - timedelta(days=115)
    days = [(first + timedelta(days=day) - first.fromisoformat(due)).days for day in told]
    assert days == [-3, 0, 1, 15]
    spans = {name: (seen[0], seen[-1]) for name, seen in buckets.items() if name != "not_due_fen"}
    assert spans["days_1_15_fen"] == (1, 15)
    assert spans["days_16_30_fen"] == (16, 30)
    assert spans["days_31_60_fen"] == (31, 60)
    assert spans["over_60_fen"][0] == 61
    account = await call(market, "P01", "GET", "/v1/partner/account")
    assert account["overdue_fen"] == owed


async def test_two_imports_of_one_file_pay_once(fresh_market):
    market = fresh_market
    statement = await invoiced(market)
    code, owed = statement["code"], statement["payable_fen"]
    name = (await market.shop.rows("SELECT name FROM partners_partner WHERE code = 'P01'"))[0][0]
    line = StatementLine("1", market.today, name, None, owed, code)

    async def once():
        async with market.shop.db.write() as session:
            return await import_statement(session, [line], bank=BANK, now=market.shop.clock())

    done = await asyncio.gather(once(), once(), once())
    assert sorted(one.imported for one in done) == [0, 0, 1]
    await market.shop.settle()
    ((entry_id,),) = await market.shop.rows("SELECT id FROM payments_bank_entry")
    path = f"{ALL}/{statement['id']}/payments"
    await asyncio.gather(
        *(market.shop.call("operator", "POST", path, {"entry_id": str(UUID(str(entry_id)))}) for _ in range(3))
    )
    assert await market.shop.rows("SELECT count(*), sum(amount_fen) FROM wholesale_payment") == [(1, owed)]
    assert await market.credit() == 0
    assert await market.shop.breaks() == []

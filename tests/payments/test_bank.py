"""Transfers: the code, what a statement's line is matched with, and that money pays exactly once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app import orders
from app.core.settings import BankSettings
from app.payments.rules.bank import ALPHABET, Awaited, StatementLine, codes_in, match, plain_name, remittance_code
from app.payments.service import import_statement
from tests.orders.test_bulk import bulk_of, look, people
from tests.shop import open_shop

BANK = BankSettings(payee="保靖好物（示例）", account="0000100020003000", bank="示例银行", cnaps="000000000000")
DAY = date(2026, 11, 20)


class TestTheCode:
    @given(st.integers(2, 7), st.sampled_from(ALPHABET))
    def test_one_wrong_character_is_noticed(self, place, other):
        code = remittance_code()
        wrong = code[:place] + other + code[place + 1 :]
        assert codes_in(wrong) == ({code} if wrong == code else set())

    @given(st.integers(2, 6))
    def test_two_characters_that_changed_places_are_noticed(self, place):
        code = remittance_code()
        wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert codes_in(wrong) == ({code} if wrong == code else set())

    @pytest.mark.parametrize("written", ["{}", "货款{}", "订单 {} 慰问品", "x{}9", "付 {}，谢谢", "BJ{}", "BJBJ {}"])
    def test_it_is_found_however_it_is_written(self, written):
        code = remittance_code()
        wide = "".join(chr(ord(character) + 0xFEE0) for character in code)
        for form in (code, code.lower(), wide, f"{code[:4]} {code[4:]}", "-".join(code)):
            assert codes_in(written.format(form)) == {code}


def line(amount=100, postscript="", on=DAY):
    return StatementLine("1", on, "工会", None, amount, postscript)


def awaited(amount=100, *, captured=False, payer=None, on=DAY):
    return Awaited(uuid4(), amount, captured, payer, on)


class TestMatching:
    @pytest.mark.parametrize(
        ("amount", "captured", "status"), [(100, False, "assigned"), (99, False, "held"), (101, False, "held"),
                                           (100, True, "held")],
    )  # fmt: skip
    def test_a_code_pays_exactly_its_amount_once(self, amount, captured, status):
        code, known = remittance_code(), awaited(captured=captured)
        assert match(line(amount, code), b"", {code: known}, []) == (status, known.payment_id)

    def test_two_codes_are_for_a_person(self):
        codes = {remittance_code(): awaited(), remittance_code(): awaited()}
        assert match(line(100, " ".join(codes)), b"", codes, list(codes.values())) == ("unmatched", None)

    @pytest.mark.parametrize(
        ("announced", "payer", "status"),
        [(DAY, None, "suggested"), (DAY, b"us", "suggested"), (DAY, b"them", "unmatched"),
         (date(2026, 11, 13), None, "suggested"), (date(2026, 11, 12), None, "unmatched"),
         (date(2026, 11, 21), None, "unmatched")],
    )  # fmt: skip
    def test_without_a_code_the_only_one_it_could_be_is_suggested(self, announced, payer, status):
        waiting = awaited(payer=payer, on=announced)
        found = match(line(), b"us", {}, [waiting, awaited(101)])
        assert found == (status, waiting.payment_id if status == "suggested" else None)

    def test_of_two_the_one_from_this_payer_is_suggested(self):
        ours = awaited(payer=b"us")
        assert match(line(), b"us", {}, [awaited(), ours]) == ("suggested", ours.payment_id)
        assert match(line(), b"us", {}, [awaited(), awaited()]) == ("unmatched", None)

    def test_names_are_compared_without_width_and_blanks(self):
        assert plain_name("济南市工会（示例） A") == plain_name("济南市 工会(示例)Ａ")


@pytest.fixture
def offered(settings):
    return settings.model_copy(update={"bank": BANK})


async def test_money_of_days_to_come_is_refused_row_by_row(db, offered, clock):
    shop = await open_shop(db, offered, clock)
    rows = [row("F-1", 100), row("F-2", 100, booked_on="2030-01-01"), row("F-3", 100, booked_on="2026-11-21")]
    refused = await shop.call("operator", "POST", "/v1/operator/bank-statements", {"rows": rows})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/rows/1/booked_on", "in_future"),
        ("/rows/2/booked_on", "in_future"),
    ]
    raw = "交易流水号,交易日期,对方户名,贷方金额\nF-1,2026-11-20,工会,1.00\nF-2,2030-01-01,工会,1.00\n".encode()
    async with shop.http("operator") as client:
        path = "/v1/operator/bank-statements/sheets"
        sheet = await client.post(path, files={"file": ("对账单.csv", raw, "text/csv")})
    assert [fault["pointer"] for fault in sheet.json()["errors"]] == ["/rows/3/booked_on"]
    assert await shop.scalar("SELECT count(*) FROM payments_bank_entry") == 0


async def announce(shop, order, who="buyer"):
    path = f"/v1/store/orders/{order['id']}/payments"
    started = await shop.call(who, "POST", path, {"provider": "bank_transfer"})
    assert started.status_code == 201, started.text
    return started.json()


def row(serial, amount_fen, postscript="", **change):
    return {"serial": serial, "booked_on": "2026-11-20", "payer_name": "历城区第一小学工会（示例）",
            "payer_account": "370112000012345678", "amount_fen": amount_fen,
            "postscript": postscript, **change}  # fmt: skip


async def told(shop, *rows):
    answer = await shop.call("operator", "POST", "/v1/operator/bank-statements", {"rows": list(rows)})
    assert answer.status_code == 200, answer.text
    return {name: count for name, count in answer.json().items() if count}


async def entries(shop, status):
    answer = await shop.call("operator", "GET", f"/v1/operator/bank-entries?status={status}", key=None)
    return answer.json()["items"]


async def no_breaks(shop):
    assert await shop.breaks() == []


async def test_it_is_not_offered_without_an_account(shop):
    order = await shop.order({"GT04": 1})
    path = f"/v1/store/orders/{order['id']}/payments"
    answer = await shop.call("buyer", "POST", path, {"provider": "bank_transfer"})
    assert (answer.status_code, answer.json()["code"]) == (422, "provider_not_available")
    answer = await shop.call("operator", "POST", "/v1/operator/bank-statements", {"rows": [row("1", 1)]})
    assert (answer.status_code, answer.json()["code"]) == (422, "provider_not_available")


async def test_a_transfer_with_its_code_pays_and_the_goods_wait_for_it(db, offered, clock):
    shop = await open_shop(db, offered, clock)
    order = await shop.order({"GT04": 1})
    payment = await announce(shop, order)
    assert payment == await announce(shop, order)
    assert (payment["amount_fen"], payment["code_url"]) == (order["total_fen"], None)
    assert payment["transfer"] == {
        "payee": "保靖好物（示例）", "account": "0000100020003000", "bank": "示例银行", "cnaps": "000000000000",
        "pay_by": "2026-11-21T04:00:00Z",
    }  # fmt: skip
    clock.advance(hours=23)
    async with shop.db.write() as session:
        assert await orders.expire_due(session, now=clock()) == 0
    paying = row("S-1", order["total_fen"], f"慰问品 {payment['remittance_code'].lower()}")
    assert await told(shop, paying) == {"imported": 1, "assigned": 1}
    assert await told(shop, paying, row("S-2", 5)) == {"imported": 1, "repeated": 1, "unmatched": 1}
    changed = await shop.call("operator", "POST", "/v1/operator/bank-statements", {"rows": [row("S-1", 6)]})
    assert (changed.status_code, changed.json()["code"]) == (409, "statement_contradicts")
    await shop.settle()
    assert (await shop.look(order))["status"] == "paid"
    (entry,) = await entries(shop, "assigned")
    assert (entry["payment_id"], entry["payer_account_tail"]) == (payment["id"], "5678")
    assert await shop.scalar("SELECT count(*) FROM core_event WHERE payload::text LIKE '%0000123456%'") == 0
    await no_breaks(shop)
    # Paid by transfer, so nobody but we ourselves can pay it back.
    await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/cancel")
    await shop.settle()
    (refund,) = (await shop.call("operator", "GET", "/v1/operator/refunds?status=requested", key=None)).json()["items"]
    await shop.call("operator", "POST", f"/v1/operator/refunds/{refund['id']}/paid", {"receipt": "R-1"})
    await shop.settle()
    assert (await shop.look(order))["status"] == "refunded"
    await no_breaks(shop)


async def test_what_does_not_match_waits_for_an_operator(db, offered, clock):
    shop = await open_shop(db, offered, clock)
    order = await shop.order({"GT04": 1})
    payment, total = await announce(shop, order), order["total_fen"]
    found = await told(shop, row("1", total - 1, payment["remittance_code"]), row("2", total), row("3", total + 7))
    assert found == {"imported": 3, "held": 1, "suggested": 1, "unmatched": 1}
    ((held,), (suggested,), (unmatched,)) = [await entries(shop, one) for one in ("held", "suggested", "unmatched")]
    shop.clock.advance(minutes=1)
    await told(shop, row("4", total + 8))
    everything, cursor = [], ""
    while cursor is not None:
        page = (await shop.call("operator", "GET", f"/v1/operator/bank-entries?limit=2{cursor}", key=None)).json()
        everything += [entry["serial"] for entry in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert (everything[0], sorted(everything)) == ("4", ["1", "2", "3", "4"]), "what came last stands first"
    assert (held["expected_fen"], held["payment_id"]) == (total, payment["id"]) == (
        suggested["expected_fen"], suggested["payment_id"],
    )  # fmt: skip

    async def decide(entry, verb, body, who="operator"):
        answer = await shop.call(who, "POST", f"/v1/operator/bank-entries/{entry['id']}/{verb}", body)
        return answer.status_code, answer.json().get("code") or answer.json()["status"]

    mine = {"payment_id": payment["id"]}
    assert await decide(held, "assign", mine) == (409, "bank_entry_differs")
    assert await decide(suggested, "assign", mine, "buyer") == (403, "not_permitted")
    assert await decide(suggested, "assign", {"payment_id": str(uuid4())}) == (404, "not_found")
    assert await decide({"id": uuid4()}, "assign", mine) == (404, "not_found")
    assert [await decide(suggested, "assign", mine) for _ in range(2)] == [(200, "assigned")] * 2
    assert await decide(suggested, "return", {"receipt": "R-1"}) == (409, "bank_entry_is_done")
    for entry in (held, unmatched):
        assert [await decide(entry, "return", {"receipt": "R-1"}) for _ in range(2)] == [(200, "returned")] * 2
        assert await decide(entry, "return", {"receipt": "R-2"}) == (409, "bank_entry_is_done")
    await shop.settle()
    assert (await shop.look(order))["status"] == "paid"
    await no_breaks(shop)


async def test_a_transfer_that_comes_too_late_is_to_be_sent_back(db, offered, clock):
    shop = await open_shop(db, offered, clock)
    order = await shop.order({"GT04": 1})
    payment = await announce(shop, order)
    clock.advance(days=1, minutes=1)
    async with shop.db.write() as session:
        assert await orders.expire_due(session, now=clock()) == 1
    twice = [row(serial, order["total_fen"], payment["remittance_code"]) for serial in "12"]
    assert await told(shop, *twice) == {"imported": 2, "assigned": 1, "held": 1}
    await shop.settle()
    assert (await shop.look(order))["status"] == "expired"
    (refund,) = (await shop.call("operator", "GET", "/v1/operator/refunds?status=requested", key=None)).json()["items"]
    assert (refund["provider"], refund["amount_fen"], refund["paid_for"]) == (
        "bank_transfer", order["total_fen"], order["id"],
    )  # fmt: skip
    await no_breaks(shop)


async def test_goods_wait_for_one_transfer_of_a_person_and_for_several_of_an_organisation(db, settings, clock):
    bank = BANK.model_copy(update={"most_open": 3})
    shop = await open_shop(db, settings.model_copy(update={"bank": bank}), clock)
    first, second = await shop.order({"GT04": 1}), await shop.order({"GT04": 1})
    await announce(shop, first)
    path = f"/v1/store/orders/{second['id']}/payments"
    refused = await shop.call("buyer", "POST", path, {"provider": "bank_transfer"})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_transfers"), refused.text
    assert (await shop.look(second))["expires_at"] == second["expires_at"]
    assert (await announce(shop, first))["transfer"]["pay_by"] == "2026-11-21T04:00:00Z", "asking again is no other"
    assert (await shop.call("buyer", "POST", path, {"provider": "sandbox"})).status_code == 201
    await shop.call("buyer", "POST", f"/v1/store/orders/{first['id']}/cancel")
    await announce(shop, second)
    await announce(shop, await shop.order({"GT04": 1}, "stranger"), "stranger")

    unit = await shop.organisation()
    for _ in range(2):
        payment = await announce(shop, await shop.order({"GT04": 1}, organisation_id=unit["id"]))
        assert payment["transfer"]["pay_by"] == "2026-11-23T04:00:00Z"
    order = await shop.order({"GT04": 1}, organisation_id=unit["id"])
    path = f"/v1/store/orders/{order['id']}/payments"
    refused = await shop.call("buyer", "POST", path, {"provider": "bank_transfer"})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_transfers")


async def test_of_two_transfers_announced_at_once_one_is_kept_waiting_for(fresh_db, offered, clock):
    shop = await open_shop(fresh_db, offered, clock)
    orders_ = [await shop.order({"GT04": 1}) for _ in range(4)]
    paths = [f"/v1/store/orders/{order['id']}/payments" for order in orders_]
    answers = await asyncio.gather(*(shop.call("buyer", "POST", path, {"provider": "bank_transfer"}) for path in paths))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 3}


async def test_a_bulk_order_is_paid_by_one_transfer_and_waits_for_it(db, offered, clock):
    shop = await open_shop(db, offered, clock)
    bulk = await bulk_of(shop, (await shop.organisation())["id"], people(2), "GT04:1")
    path = f"/v1/store/bulk-orders/{bulk['id']}/payments"
    payment = (await shop.call("buyer", "POST", path, {"provider": "bank_transfer"})).json()
    clock.advance(days=2)
    async with shop.db.write() as session:
        assert await orders.expire_due(session, now=clock()) == 0
    assert await told(shop, row("1", bulk["total_fen"], payment["remittance_code"])) == {"imported": 1, "assigned": 1}
    await shop.settle()
    assert (await look(shop, bulk))["progress"] == {"paid": 2}
    await no_breaks(shop)


async def test_the_banks_own_file_is_read(db, offered, clock):
    shop = await open_shop(db, offered, clock)
    order = await shop.order({"GT04": 1})
    code = (await announce(shop, order))["remittance_code"]
    yuan = f"{order['total_fen'] / 100:,.2f}"
    head = [
        ["保靖好物（示例） 账户明细"],
        ["交易日期", "交易流水号", "借方金额", "贷方金额(元)", "对方户名", "对方账号", "摘要", "附言"],
    ]
    sent = ["20261120", "A-1", "12.00", "", "快递公司（示例）", "1", "转账", ""]
    came = [
        "2026年11月20日",
        "A-2",
        "",
        yuan,
        "历城区第一小学工会（示例）",
        "370112000012345678",
        "转账",
        f"货款{code}",
    ]
    bad = ["昨天", "A-3", "", "12.345", "某单位（示例）", "", "", ""]

    async def upload(*rows):
        raw = "\n".join(",".join(f'"{cell}"' for cell in cells) for cells in (*head, *rows)).encode("gb18030")
        async with shop.http("operator") as client:
            path = "/v1/operator/bank-statements/sheets"
            return await client.post(path, files={"file": ("对账单.csv", raw, "text/csv")})

    refused = await upload(sent, came, bad)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/rows/5/amount", "/rows/5/booked_on"]
    assert await shop.scalar("SELECT count(*) FROM payments_bank_entry") == 0
    assert (await upload(sent, came)).json()["assigned"] == 1
    assert (await upload(sent, came)).json()["repeated"] == 1
    assert [one["amount_fen"] for one in await entries(shop, "assigned")] == [order["total_fen"]]


async def test_one_statement_imported_by_many_at_once_captures_once(fresh_db, offered, clock):
    shop = await open_shop(fresh_db, offered, clock)
    order = await shop.order({"GT04": 1})
    code = (await announce(shop, order))["remittance_code"]
    lines = [StatementLine(f"S{n}", DAY, "工会", None, order["total_fen"], code if n == 3 else "") for n in range(6)]

    async def one(turn):
        async with shop.db.write() as session:
            said = lines if turn % 2 else lines[::-1]
            return (await import_statement(session, said, bank=BANK, now=clock())).imported

    assert Counter(await asyncio.gather(*(one(turn) for turn in range(6)))) == {6: 1, 0: 5}
    assert await shop.scalar("SELECT count(*) FROM core_event WHERE name = 'payments.captured'") == 1
    assert await shop.scalar("SELECT count(*) FROM payments_bank_entry WHERE status = 'assigned'") == 1
    await shop.settle()
    assert (await shop.look(order))["status"] == "paid"


async def test_a_transfer_that_the_version_before_announced_shows_where_it_goes(db, offered, clock):
    """It did not write down until when the goods are kept."""
    shop = await open_shop(db, offered, clock)
    order = await shop.order({"GT04": 1})
    await announce(shop, order)
    async with shop.db.write() as session:
        await session.execute(text("UPDATE payments_payment SET pay_by = NULL"))
    shown = (await announce(shop, order))["transfer"]
    assert (shown["account"], shown["pay_by"]) == (BANK.account, "2026-11-23T04:00:00Z")

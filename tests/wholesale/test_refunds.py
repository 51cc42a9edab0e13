"""Partners' money that goes back: drafted by one operator, approved by another, paid once, and seen by the partner."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from app.wholesale.lifecycle import (
    REFUND_TRANSITIONS,
    PartnerRefundStatus,
    PartnerRefundStep,
    PartnerRefundStepNotAllowed,
    refund_after,
)
from tests.wholesale.test_carried import agree_and_bill, below_zero, month_of, tea_in_january
from tests.wholesale.test_money import bill, invoiced, look, transfer
from tests.wholesale.test_statements import ALL, MINE, call, more_stock, received, stated

REFUNDS = "/v1/operator/partner-refunds"
MONEY = "/v1/operator/partner-remittances"
ACCOUNT = "6222000000001234"


async def too_much(market, more=700):
    """A statement that was paid with so much too much; gives what lies here."""
    statement = await invoiced(market)
    await transfer(market, "1", statement["payable_fen"] + more, statement["code"])
    (lying,) = (await call(market, "operator", "GET", f"{MONEY}?unapplied=true"))["items"]
    assert lying["unapplied_fen"] == more
    return lying


async def draft(market, **what):
    return await call(market, "operator", "POST", REFUNDS, {"account": ACCOUNT, "reason": "多付"} | what, 201)


async def test_what_was_paid_too_much_goes_back_by_two_operators_and_once(market):
    lying = await too_much(market)
    drafted = await draft(market, remittance_id=lying["id"])
    assert (drafted["status"], drafted["amount_fen"], drafted["payee_tail"]) == ("waiting", 700, "1234")
    path = f"{REFUNDS}/{drafted['id']}"
    own = await market.shop.call("operator", "POST", f"{path}/approve")
    assert (own.status_code, own.json()["code"]) == (403, "second_operator_needed")
    early = await market.shop.call("operator", "POST", f"{path}/pay", {"bank_receipt": "B-1"})
    assert (early.status_code, early.json()["code"]) == (409, "step_not_allowed")
    await call(market, "operator2", "POST", f"{path}/approve")
    assert (await call(market, "P01", "GET", "/v1/partner/account"))["unapplied_fen"] == 0
    for _ in range(2):
        paid = await call(market, "operator", "POST", f"{path}/pay", {"bank_receipt": "B-1"})
        assert (paid["status"], paid["bank_receipt"], paid["account"]) == ("paid", "B-1", ACCOUNT)
    other = await market.shop.call("operator", "POST", f"{path}/pay", {"bank_receipt": "B-2"})
    assert other.json()["code"] == "refund_paid"
    (seen,) = (await call(market, "P01", "GET", "/v1/partner/account/refunds"))["items"]
    assert (seen["amount_fen"], seen["status"], seen["code"]) == (700, "paid", drafted["code"])
    assert "reason" not in seen
    assert (await call(market, "P02", "GET", "/v1/partner/account/refunds"))["items"] == []
    again = await market.shop.call(
        "operator", "POST", REFUNDS, {"remittance_id": lying["id"], "reason": "x", "account": ACCOUNT}
    )
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_refund")
    for body in ({}, {"remittance_id": lying["id"], "statement_id": lying["id"]}):
        assert (await market.shop.call("operator", "POST", REFUNDS, body | {"reason": "x"})).status_code == 422
    assert await market.credit() == 0
    await market.shop.settle()
    assert await market.shop.scalar("SELECT payee_sealed::text FROM wholesale_refund") != ACCOUNT
    assert await market.shop.breaks() == []


async def test_money_that_is_to_go_back_pays_nothing_until_that_is_declined(market):
    lying = await too_much(market, 50_000)
    drafted = await draft(market, remittance_id=lying["id"])
    await tea_in_january(market)
    january = await agree_and_bill(market, await month_of(market, "2027-01"))
    assert (january["status"], january["paid_fen"]) == ("invoiced", 0)
    declined = await call(market, "operator2", "POST", f"{REFUNDS}/{drafted['id']}/decline", {"reason": "客户要求冲抵"})
    assert (declined["status"], declined["decision"]) == ("declined", "客户要求冲抵")
    path = f"{MONEY}/{lying['id']}/applications"
    for _ in range(2):
        done = await call(market, "operator", "POST", path, {"statement_id": january["id"]})
        assert (done["status"], done["paid_fen"]) == ("partially_paid", 50_000)
    assert await market.credit() == done["open_fen"]
    assert (await call(market, "P01", "GET", "/v1/partner/account/refunds"))["items"] == []
    assert await market.shop.breaks() == []


async def test_a_month_below_zero_is_carried_over_or_goes_back_and_never_both(market):
    _, december = await below_zero(market)
    credit = december["credit_fen"]
    missing = await market.shop.call("operator", "POST", REFUNDS, {"statement_id": december["id"], "reason": "x"})
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "/account")
    drafted = await draft(market, statement_id=december["id"])
    assert (drafted["amount_fen"], drafted["statement_number"]) == (credit, december["number"])
    await tea_in_january(market)
    january = await month_of(market, "2027-01")
    assert january["carried_fen"] == 0
    path = f"{REFUNDS}/{drafted['id']}"
    await call(market, "operator2", "POST", f"{path}/approve")
    before = await market.credit()
    await call(market, "operator2", "POST", f"{path}/pay", {"bank_receipt": "B-1", "paid_on": "2027-02-01"})
    assert await market.credit() == before + credit
    january = await agree_and_bill(market, january)
    assert await market.credit() == january["payable_fen"]
    assert (await look(market, december))["credit_fen"] == 0
    assert await market.shop.breaks() == []


async def test_a_refund_that_is_declined_lets_the_month_be_carried_over(market):
    _, december = await below_zero(market)
    drafted = await draft(market, statement_id=december["id"])
    await call(market, "operator2", "POST", f"{REFUNDS}/{drafted['id']}/decline", {"reason": "结转"})
    await tea_in_january(market)
    january = await month_of(market, "2027-01")
    assert january["carried_fen"] == december["credit_fen"]
    refused = await market.shop.call(
        "operator", "POST", REFUNDS, {"statement_id": december["id"], "account": ACCOUNT, "reason": "x"}
    )
    assert refused.json()["code"] == "nothing_to_refund"
    assert await market.shop.breaks() == []


async def test_of_two_who_approve_or_pay_at_once_one_does(fresh_market):
    market = fresh_market
    lying = await too_much(market)
    body = {"remittance_id": lying["id"], "account": ACCOUNT, "reason": "多付"}
    answers = await asyncio.gather(*(market.shop.call("operator", "POST", REFUNDS, body) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    path = f"{REFUNDS}/{next(answer.json()['id'] for answer in answers if answer.status_code == 201)}"
    words = await asyncio.gather(
        *(market.shop.call("operator2", "POST", f"{path}/approve") for _ in range(3)),
        market.shop.call("operator2", "POST", f"{path}/decline", {"reason": "x"}),
    )
    assert sorted(answer.status_code for answer in words) == [200, 409, 409, 409]
    if words[-1].status_code == 200:
        return
    paid = await asyncio.gather(
        *(market.shop.call("operator", "POST", f"{path}/pay", {"bank_receipt": f"B-{nth % 2}"}) for nth in range(4))
    )
    assert sorted(answer.status_code for answer in paid) == [200, 200, 409, 409]
    assert await market.shop.rows("SELECT count(*), sum(refunded_fen) FROM wholesale_remittance") == [(1, 700)]
    assert await market.shop.breaks() == []


async def test_money_goes_back_or_pays_an_invoice_but_not_both(fresh_market):
    market = fresh_market
    lying = await too_much(market, 50_000)
    await tea_in_january(market)
    january = await month_of(market, "2027-01")
    await call(market, "P01", "POST", f"{MINE}/{january['id']}/confirm", {})
    body = {"remittance_id": lying["id"], "account": ACCOUNT, "reason": "多付"}
    billed, drafted = await asyncio.gather(
        market.shop.call("operator", "POST", f"{ALL}/{january['id']}/invoice", bill()),
        market.shop.call("operator", "POST", REFUNDS, body),
    )
    assert billed.status_code == 200
    assert (drafted.status_code, billed.json()["paid_fen"]) in ((201, 0), (409, 50_000))
    assert await market.shop.breaks() == []


async def test_a_month_below_zero_goes_back_or_is_carried_over_at_once(fresh_market):
    market = fresh_market
    _, december = await below_zero(market)
    await tea_in_january(market)
    market.shop.clock.advance(days=28)
    body = {"partner_id": str(market.partner_id()), "month": "2027-01"}
    wanted = {"statement_id": december["id"], "account": ACCOUNT, "reason": "退款"}
    drawn, drafted = await asyncio.gather(
        market.shop.call("operator", "POST", ALL, body), market.shop.call("operator", "POST", REFUNDS, wanted)
    )
    assert drawn.status_code == 201, drawn.text
    credit = december["credit_fen"]
    assert (drafted.status_code, drawn.json()["carried_fen"]) in ((201, 0), (409, credit))
    assert await market.shop.breaks() == []


async def test_money_comes_while_a_dispute_is_decided(fresh_market):
    """A payment against a correction: what came waits for the invoice of whatever is agreed."""
    market = fresh_market
    await more_stock(market)
    await received(market)
    statement = await stated(market)
    claim = {"kind": "QTY", "line_id": statement["lines"][0]["id"], "claimed_units": 40, "note": "x"}
    disputed = await call(market, "P01", "POST", f"{MINE}/{statement['id']}/disputes", claim, 201)
    decide = f"/v1/operator/partner-disputes/{disputed['disputes'][0]['id']}/decide"
    await asyncio.gather(
        market.shop.call("operator", "POST", decide, {"accept": True}),
        transfer(market, "1", statement["payable_fen"], statement["code"]),
    )
    await market.shop.settle()
    revised = await look(market, statement)
    done = await agree_and_bill(market, revised)
    assert (done["status"], done["paid_fen"]) == ("paid", revised["payable_fen"])
    assert revised["payable_fen"] < statement["payable_fen"]
    account = await call(market, "P01", "GET", "/v1/partner/account")
    assert account["unapplied_fen"] == statement["payable_fen"] - revised["payable_fen"]
    assert await market.credit() == 0
    assert await market.shop.breaks() == []


async def test_money_comes_while_the_next_statement_takes_a_month_over(fresh_market):
    """A payment against a carry-over: whichever is first, the partner pays what both months come to."""
    market = fresh_market
    _, december = await below_zero(market, 10)
    await tea_in_january(market)
    january = await month_of(market, "2027-01")
    await call(market, "P01", "POST", f"{MINE}/{january['id']}/confirm", {})
    billed, _ = await asyncio.gather(
        market.shop.call("operator", "POST", f"{ALL}/{january['id']}/invoice", bill()),
        transfer(market, "J", january["payable_fen"], january["code"]),
    )
    assert billed.status_code == 200
    await market.shop.settle()
    assert ((await look(market, january))["status"], await market.credit()) == ("paid", 0)
    assert january["carried_fen"] == december["credit_fen"]
    assert await market.shop.breaks() == []


@pytest.mark.parametrize(("status", "step"), list(itertools.product(PartnerRefundStatus, PartnerRefundStep)))
def test_every_word_about_every_refund(status, step):
    if (status, step) in REFUND_TRANSITIONS:
        assert refund_after(status, step) is REFUND_TRANSITIONS[status, step]
        return
    with pytest.raises(PartnerRefundStepNotAllowed):
        refund_after(status, step)


@pytest.mark.parametrize("who", ["buyer", "S01", "P01", "officer"])
async def test_nobody_else_gives_money_back(market, who):
    body = {"remittance_id": str(market.partner_id()), "reason": "x"}
    assert (await market.shop.call(who, "POST", REFUNDS, body)).status_code == 403
    assert (await market.shop.call(who, "GET", REFUNDS)).status_code == 403

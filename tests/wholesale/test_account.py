"""A partner's account: what it may still order for, and what it should have paid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core.ids import new_id

# Statements as the month's end writes them: this one reads the sum and does not care how they came to be.
STATEMENT = text("""
INSERT INTO wholesale_statement (id, partner_id, contract_id, month, number, code, status, goods_fen, rebate_fen,
    fees_fen, payable_fen, paid_fen, issued_at, due_on)
VALUES (:id, :partner_id, :contract_id, :month, CAST(:id AS text), CAST(:id AS text), :status, :payable, 0, 0, :payable,
    :paid, :now, :due_on)
""")


async def test_a_partner_sees_its_credit_and_what_is_overdue(market):
    placed = await market.place({"GT04": 10})
    mine = await market.shop.call("P01", "GET", "/v1/partner/account")
    assert mine.json() == {"credit": placed["credit"], "overdue_fen": 0, "unapplied_fen": 0, "credit_fen": 0}
    assert placed["credit"]["used_fen"] == placed["total_fen"] > 0
    theirs = await market.shop.call("P02", "GET", "/v1/partner/account")
    assert theirs.json()["credit"]["used_fen"] == 0

    yesterday, now = market.today - timedelta(days=1), market.shop.clock()
    async with market.shop.db.write() as session:
        for nth, (who, status, payable, paid, due_on) in enumerate(
            (
                ("P01", "confirmed", 900, 200, yesterday),
                ("P01", "disputed", 50, 0, yesterday),  # nobody owes what is in doubt
                ("P01", "confirmed", 4_000, 0, market.today),  # due today is not overdue
                ("P01", "draft", 8_000, 0, yesterday),
                ("P01", "paid", 16_000, 16_000, yesterday),
                ("P02", "confirmed", 32_000, 0, yesterday),
            )
        ):
            values = {
                "id": new_id(now),
                "partner_id": market.partner_id(who),
                "contract_id": market.contracts[who].id,
                "month": market.today.replace(day=1) - timedelta(days=31 * nth),
                "status": status,
                "payable": payable,
                "paid": paid,
                "now": now,
                "due_on": due_on,
            }
            await session.execute(STATEMENT, values)
    mine = await market.shop.call("P01", "GET", "/v1/partner/account")
    assert mine.json()["overdue_fen"] == 700
    assert mine.json()["credit"] == placed["credit"]


@pytest.mark.parametrize("who", [None, "buyer", "S01", "operator"])
async def test_nobody_else_has_one(market, who):
    answer = await market.shop.call(who, "GET", "/v1/partner/account")
    assert answer.status_code == (403 if who else 401)

"""The supermarkets' accounts in the demo: paid by the month, one late, the latest waiting, within their credit."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from app import audit, demo
from app.demo.supermarkets import CHAINS

UNTIL = date(2026, 11, 22)


async def test_statements_are_paid_but_for_the_latest_and_a_late_one(db, settings, monkeypatch):
    monkeypatch.setattr(demo, "_PURCHASES", 140 * 60)  # every purchase order, few retail orders
    await demo.load(db, settings, until=UNTIL, seed=1, password="only-for-tests", report=lambda *_: None, count=40)
    async with db.read() as session:
        assert await audit.check(session) == []
        told = (
            await session.execute(
                text("""SELECT p.code, s.month, s.status, s.due_on FROM wholesale_statement s
                        JOIN partners_partner p ON p.id = s.partner_id WHERE s.month <= '2026-09-01'
                        AND s.due_on < :until AND s.status <> 'paid' ORDER BY 1, 2"""),
                {"until": UNTIL},
            )
        ).all()
        assert [(code, status) for code, _, status, _ in told] == [("P04", "invoiced")]
        waiting = await session.execute(
            text("SELECT DISTINCT status FROM wholesale_statement WHERE month='2026-10-01'")
        )
        assert waiting.scalars().all() == ["sent"]
        disputes = (await session.execute(text("SELECT kind, accepted FROM wholesale_dispute"))).all()
        assert [tuple(row) for row in disputes] == [("QTY", True)]
        limits = (
            await session.execute(
                text("""SELECT p.code, c.limit_fen FROM partners_credit c
                                            JOIN partners_partner p ON p.id = c.partner_id""")
            )
        ).all()
        assert {row.code: row.limit_fen for row in limits} == {code: chain.limit_fen for code, chain in CHAINS.items()}

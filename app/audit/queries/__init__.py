"""The rules, by what they are about. Each is one statement, so each looks at one snapshot; none locks anything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.queries.claims import CLAIMS
from app.audit.queries.discounts import DISCOUNTS
from app.audit.queries.facts import FACTS
from app.audit.queries.households import HOUSEHOLDS
from app.audit.queries.invoices import INVOICES
from app.audit.queries.ledger import LEDGER
from app.audit.queries.orders import ORDERS
from app.audit.queries.owed import OWED
from app.audit.queries.partners import PARTNERS
from app.audit.queries.payments import PAYMENTS
from app.audit.queries.periods import PERIODS
from app.audit.queries.purchases import PURCHASES
from app.audit.queries.receipts import RECEIPTS
from app.audit.queries.seals import SEALS
from app.audit.queries.shown import SHOWN
from app.audit.queries.statements import STATEMENTS
from app.audit.queries.stock import STOCK
from app.audit.queries.sums import SUMS
from app.audit.queries.wholesale import PURCHASE_ORDERS
from app.audit.rules import Break, Rule, as_break

RULES: tuple[Rule, ...] = (
    *STOCK,
    *ORDERS,
    *PARTNERS,
    *PURCHASE_ORDERS,
    *RECEIPTS,
    *STATEMENTS,
    *DISCOUNTS,
    *PAYMENTS,
    *CLAIMS,
    *LEDGER,
    *SEALS,
    *PERIODS,
    *HOUSEHOLDS,
    *SUMS,
    *INVOICES,
    *OWED,
    *PURCHASES,
    *SHOWN,
    *FACTS,
)
"""Every rule, in the order in which it is checked."""


async def check(session: AsyncSession, *, now: datetime | None = None) -> list[Break]:
    """Look for breaks of every rule; read-only.

    ``now`` (the database's clock by default) tells which facts are late.
    """
    found: list[Break] = []
    for rule in RULES:
        statement = text(rule.sql)
        values = {"now": now} if ":now" in rule.sql else {}
        rows = await session.execute(statement, values)
        found += [as_break(rule, dict(row)) for row in rows.mappings()]
    return found

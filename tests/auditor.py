"""The auditor's rules as one function of a test's database.

It is the same statements, asked in one round trip and planned once for each connection: after every test, and after
every step of a random history, the auditor looks at everything, and most of what it took was planning it anew.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import URL, create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.audit.queries import RULES
from app.audit.rules import Break, as_break

_BY_NAME = {rule.name: rule for rule in RULES}
_ASK = text("SELECT rule, broken FROM test_audit(:now)")


def _function() -> str:
    asked = "\n".join(
        f"RETURN QUERY SELECT '{rule.name}', to_jsonb(r) FROM ({rule.sql.replace(':now', 'audited_at')}) r;"
        for rule in RULES
    )
    return f"""
        CREATE FUNCTION test_audit(audited_at timestamptz) RETURNS TABLE (rule text, broken jsonb)
        LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $audit$
        #variable_conflict use_column
        BEGIN {asked} END $audit$"""


def install(url: URL) -> None:
    """Give a database the function; databases that are cloned from it have it too."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(_function().replace("%", "%%"))
    engine.dispose()


async def breaks(session: AsyncSession, *, now: datetime) -> list[Break]:
    """What ``audit.check`` finds; where the function is missing, asked in the usual way."""
    if await session.scalar(text("SELECT to_regproc('test_audit') IS NULL")):
        return await audit.check(session, now=now)
    return [as_break(_BY_NAME[rule], broken) for rule, broken in await session.execute(_ASK, {"now": now})]

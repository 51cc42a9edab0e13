"""A supplier's money: what it is owed, its monthly statements with yes or no to each, and where it is paid."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity, settlement, suppliers
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge, decode_cursor, next_cursor
from app.identity import Role
from app.pages.guards import Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.schemas import Done
from app.settlement import BankDetails, Status

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 24
_MOST_PAYOUTS = 10
_MOST_ROWS = 100
_LONGEST_REASON, _LONGEST_NAME = 2000, 100
_ACCOUNT, _CNAPS = re.compile(r"[0-9]{8,30}", re.ASCII), re.compile(r"[0-9]{12}", re.ASCII)
_FIELDS = ("bank", "account", "cnaps")


@router.get("/supplier/money")
async def list_statements(
    visit: Seller, session: ReadSession, now: Now, cursor: Annotated[str, Query(max_length=512)] = ""
) -> Response:
    """What is owed now, and the statements of every month."""
    after = None
    if cursor:
        seen, last = decode_cursor("page:money", cursor)
        after = date.fromisoformat(str(seen)), UUID(str(last))
    found = await settlement.page(session, supplier_id=visit.supplier_id, after=after, limit=_ON_A_PAGE + 1)
    return show(
        visit,
        "supplier_money.html",
        owed=await settlement.owed(session, visit.supplier_id, now=now),
        statements=found[:_ON_A_PAGE],
        accounts=await settlement.accounts_of(session, visit.supplier_id),
        following=next_cursor("page:money", found, _ON_A_PAGE, key=lambda one: (one.month, one.id)),
    )


@router.get("/supplier/money/account")
async def account_page(visit: Seller, session: ReadSession) -> Response:
    """Where the supplier is paid, masked, and a form for another account."""
    return await _account(visit, session, dict.fromkeys(_FIELDS, ""))


@router.post("/supplier/money/account")
async def enter_account(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """An account in the supplier's own name; money goes there once somebody of the marketplace has verified it."""
    said = {name: re.sub(r"\s", "", form[name]) if name != "bank" else form[name] for name in _FIELDS}
    refused = None
    try:
        _check(said)
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:

        async def work(session: AsyncSession) -> Done:
            holder = (await suppliers.get(session, visit.supplier_id)).name
            details = BankDetails(holder, said["bank"], said["account"], said["cnaps"] or None)
            made = await settlement.enter_account(session, details, by=visit.person, now=now)
            return Done(id=made.id)

        _, refused = await once(visit, form, work)
    if refused is None:
        return go("/supplier/money/account")
    async with edge.db.read() as session:
        return await _account(visit, session, said, refused)


@router.get("/supplier/money/{statement_id}")
async def show_statement(visit: Seller, statement_id: UUID, session: ReadSession) -> Response:
    """One month: how its balance comes about, what was said of it, and how it is paid."""
    return await _page(visit, statement_id, session)


@router.get("/supplier/money/{statement_id}/{number}.xlsx")
async def get_sheet(visit: Seller, statement_id: UUID, edge: TheEdge, number: str) -> Response:  # noqa: ARG001
    """With every row."""
    return await settlement.sheet(edge, statement_id, supplier_id=visit.supplier_id)


@router.get("/supplier/money/{statement_id}/{number}.pdf")
async def get_paper(visit: Seller, statement_id: UUID, edge: TheEdge, number: str) -> Response:  # noqa: ARG001
    """To be filed."""
    return await settlement.paper(edge, statement_id, supplier_id=visit.supplier_id)


@router.post("/supplier/money/{statement_id}")
async def answer(visit: Seller, statement_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Yes, or no and why."""
    reason = form["reason"]
    refused = None
    try:
        if form["step"] == "dispute" and not (0 < len(reason) <= _LONGEST_REASON):
            zh, en = "请写明哪一笔有误、为什么", "Say what is wrong, and why"
            raise InvalidInput(faults=[Fault("/reason", "missing", zh, en)])
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:

        async def work(session: AsyncSession) -> Done:
            if form["step"] == "dispute":
                told = " ".join(reason.split())
                done = await settlement.dispute(session, statement_id, reason=told, by=visit.person, now=now)
            else:
                done = await settlement.confirm(session, statement_id, by=visit.person, now=now)
            return Done(id=done.id)

        _, refused = await once(visit, form, work)
    if refused is None:
        return go(f"/supplier/money/{statement_id}")
    async with edge.db.read() as session:
        return await _page(visit, statement_id, session, reason=reason, refused=refused)


def _check(said: dict[str, str]) -> None:
    """Raises ``InvalidInput``."""
    faults = []
    if not (0 < len(said["bank"]) <= _LONGEST_NAME and said["bank"].isprintable()):
        faults.append(Fault("/bank", "missing", "请填写开户行", "The bank and its branch"))
    if not _ACCOUNT.fullmatch(said["account"]):
        faults.append(Fault("/account", "invalid_account", "账号应为 8 至 30 位数字", "8 to 30 digits"))
    if said["cnaps"] and not _CNAPS.fullmatch(said["cnaps"]):
        faults.append(Fault("/cnaps", "invalid_cnaps", "联行号为 12 位数字", "12 digits"))
    if faults:
        raise InvalidInput(faults=faults)


async def _account(
    visit: Visit, session: AsyncSession, said: dict[str, str], refused: dict[str, Any] | None = None
) -> Response:
    accounts = await settlement.accounts_of(session, visit.supplier_id)
    return show(
        visit,
        "supplier_payout_account.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        accounts=accounts,
        paid_into=next((one for one in accounts if one.verified_at is not None), None),
        holder=(await suppliers.get(session, visit.supplier_id)).name,
        is_owner=visit.person.account_id in await identity.owners(session, Role.SUPPLIER, visit.supplier_id),
        said=said,
    )


async def _page(
    visit: Visit,
    statement_id: UUID,
    session: AsyncSession,
    *,
    reason: str = "",
    refused: dict[str, Any] | None = None,
) -> Response:
    statement = await settlement.get(session, statement_id, supplier_id=visit.supplier_id)
    return show(
        visit,
        "supplier_statement.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        statement=statement,
        open=statement.status is Status.ISSUED,
        summed=await settlement.by_sku(session, statement_id),
        bought=await settlement.rows(session, statement_id, of_orders=True, limit=_MOST_ROWS + 1),
        most=_MOST_ROWS,
        payouts=await settlement.payouts(session, statement_id=statement_id, limit=_MOST_PAYOUTS),
        reason=reason,
    )

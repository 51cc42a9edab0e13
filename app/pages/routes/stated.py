"""A supermarket's months: what is owed for each, row by row, and its yes, or its no and why."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import wholesale
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge, decode_cursor, next_cursor
from app.pages.guards import Fields, Posted, Purchaser, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.schemas import Done
from app.wholesale import Claim, DisputeKind, StatementStatus

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 24
_LONGEST_NOTE = 500
_MOST = 10_000_000


@router.get("/partner/statements")
async def list_statements(
    visit: Purchaser, session: ReadSession, now: Now, cursor: Annotated[str, Query(max_length=512)] = ""
) -> Response:
    """The latest month first."""
    after = None
    if cursor:
        seen, last = decode_cursor("page:stated", cursor)
        after = date.fromisoformat(str(seen)), UUID(str(last))
    found = await wholesale.statements(
        session, partner_id=visit.partner_id, sent_only=True, after=after, limit=_ON_A_PAGE + 1
    )
    following = next_cursor("page:stated", found, _ON_A_PAGE, key=lambda one: (one.month, one.id))
    (account,) = await wholesale.ageing(session, today=local_day(now), partner_id=visit.partner_id)
    refunds = await wholesale.refunds(session, partner_id=visit.partner_id, declined=False, limit=_ON_A_PAGE)
    return show(
        visit,
        "partner_statements.html",
        statements=found[:_ON_A_PAGE],
        following=following,
        account=account,
        refunds=refunds if after is None else [],
    )


@router.get("/partner/statements/{statement_id}")
async def show_statement(visit: Purchaser, statement_id: UUID, session: ReadSession) -> Response:
    """One month: its rows, its deductions by name, and what was said of it."""
    return await _page(visit, statement_id, session)


@router.get("/partner/statements/{statement_id}/{number}.xlsx")
async def get_sheet(visit: Purchaser, statement_id: UUID, edge: TheEdge, number: str) -> Response:  # noqa: ARG001
    """With every row."""
    return await wholesale.statement_sheet(edge, statement_id, partner_id=visit.partner_id)


@router.get("/partner/statements/{statement_id}/{number}.pdf")
async def get_paper(visit: Purchaser, statement_id: UUID, edge: TheEdge, number: str) -> Response:  # noqa: ARG001
    """To be signed and filed."""
    return await wholesale.statement_paper(edge, statement_id, partner_id=visit.partner_id)


@router.post("/partner/statements/{statement_id}")
async def answer(visit: Purchaser, statement_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Yes to the revision that was looked at, or what is wrong with it."""
    refused, claim = None, None
    try:
        claim = _claim(form) if form["step"] == "dispute" else None
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:

        async def work(session: AsyncSession) -> Done:
            if claim is not None:
                await wholesale.dispute_statement(
                    session, statement_id, claim, partner_id=visit.partner_id, by=visit.person, now=now
                )
            else:
                await wholesale.confirm_statement(
                    session,
                    statement_id,
                    partner_id=visit.partner_id,
                    revision=_whole(form["revision"]) or 0,
                    by=visit.person,
                    now=now,
                )
            return Done(id=statement_id)

        _, refused = await once(visit, form, work)
    if refused is None:
        return go(f"/partner/statements/{statement_id}")
    async with edge.db.read() as session:
        return await _page(visit, statement_id, session, form=form, refused=refused)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= _MOST else None  # noqa: PLR2004


def _claim(form: Fields) -> Claim:
    """Raises ``InvalidInput``."""
    faults = []
    kind = next((one for one in DisputeKind if one.value == form["kind"]), None)
    if kind is None:
        faults.append(Fault("/kind", "missing", "请选择哪里有误", "Choose what is wrong"))
    line_id = None
    try:
        line_id = UUID(form["line"]) if form["line"] else None
    except ValueError:
        faults.append(Fault("/line", "missing", "请选择有误的一行", "Choose the row"))
    units = _whole(form["units"])
    if (form["units"] and units is None) or (kind is DisputeKind.QTY and units is None):
        faults.append(Fault("/units", "missing", "请填写贵方认可的件数", "How many units you count"))
    yuan, _, fen = form["price"].replace("\N{FULLWIDTH FULL STOP}", ".").partition(".")
    price = None
    if kind is DisputeKind.PRICE:
        whole, rest = _whole(yuan), _whole(fen.ljust(2, "0")) if len(fen) <= 2 else None  # noqa: PLR2004
        if whole is None or rest is None:
            faults.append(
                Fault("/price", "missing", "请填写贵方认可的单价，如 31.50", "The price that you know, as 31.50")
            )
        else:
            price = whole * 100 + rest
    note = " ".join(form["note"].split())
    if not 0 < len(note) <= _LONGEST_NOTE:
        zh, en = "请写明哪里有误、为什么，至多 500 个字", "Say what is wrong and why, in 1 to 500 characters"
        faults.append(Fault("/note", "missing", zh, en))
    if faults or kind is None:
        raise InvalidInput(faults=faults)
    return Claim(
        kind=kind,
        line_id=line_id,
        claimed_units=units if kind is DisputeKind.QTY else None,
        claimed_price_fen=price,
        note=note,
    )


async def _page(
    visit: Visit,
    statement_id: UUID,
    session: AsyncSession,
    *,
    form: Fields | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    statement = await wholesale.statement(session, statement_id, partner_id=visit.partner_id)
    names = ("kind", "line", "units", "price", "note")
    return show(
        visit,
        "partner_statement.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        statement=statement,
        may_confirm=statement.status is StatementStatus.SENT,
        may_dispute=statement.status in (StatementStatus.SENT, StatementStatus.DISPUTED),
        kinds=list(DisputeKind),
        said={name: form[name] if form else "" for name in names},
        disputing=form is not None and form["step"] == "dispute",
    )

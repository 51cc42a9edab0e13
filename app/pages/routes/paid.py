"""A supplier says on a phone what it paid households and whom it has contracts with; an officer approves it."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance
from app.assistance import CheckedSheet, HouseholdPayment, LinkKind, NewLinkage
from app.catalogue import CATEGORIES
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.sheets import BadCell, amount_fen, thousandths
from app.core.web import Now, ReadSession, TheEdge
from app.pages.guards import Fields, Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.routes.household_lists import read_sheet
from app.pages.schemas import Done

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE, _MOST_ROWS = 24, 200
_LONGEST = 100
_FIELDS = ("household_no", "kind", "category", "paid_on", "quantity", "unit_price", "amount", "voucher_no", "own")
_CONTRACT = ("contract_no", "valid_from", "valid_to", "terms")


@router.get("/supplier/households")
async def list_proposed(visit: Seller, session: ReadSession, now: Now) -> Response:
    """What the supplier proposed and what became of it, and forms for more."""
    return await _page(visit, session, now)


@router.post("/supplier/households/payments")
async def propose_payment(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """One payment, once however often the form is sent."""

    async def work(session: AsyncSession) -> Done:
        number, values = _payment(form)
        homes = await assistance.households_named(session, [number], "/household_no")
        payment = HouseholdPayment(homes[number], visit.supplier_id, **values)
        kept = await assistance.enter_payments(
            session,
            [payment],
            source="supplier",
            of_supplier=visit.supplier_id,
            note=form["voucher_no"][:_LONGEST] or "手机录入",
            by=visit.person,
            now=now,
        )
        return Done(id=kept.id)

    return await _proposed(visit, form, edge, now, "payment", work)


@router.post("/supplier/households/contracts")
async def propose_contract(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """One contract, once however often the form is sent."""

    async def work(session: AsyncSession) -> Done:
        number, kind, since, until = _contract(form)
        homes = await assistance.households_named(session, [number], "/household_no")
        new = NewLinkage(homes[number], visit.supplier_id, kind, form["contract_no"], since, until, form["terms"], None)
        proposal = await assistance.propose_linkage(session, new, by=visit.person, now=now)
        return Done(id=proposal.id)

    return await _proposed(visit, form, edge, now, "contract", work)


@router.post("/supplier/households/sheet")
async def send_sheet(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """``step`` is ``check``: nothing is kept; or ``send``: one list, if no row is refused."""
    try:
        checked, note = await read_sheet(form, edge, now, visit.supplier_id)
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _page(visit, session, now, at="sheet", form=form, refused=refused_with(visit.request, wrong))
    if form["step"] != "send" or checked.rejected:
        async with edge.db.read() as session:
            return await _page(visit, session, now, at="sheet", form=form, checked=checked)

    async def work(session: AsyncSession) -> Done:
        kept = await assistance.propose_checked(
            session, checked, note=note, of_supplier=visit.supplier_id, by=visit.person, now=now
        )
        return Done(id=kept.id)

    return await _proposed(visit, form, edge, now, "sheet", work)


async def _proposed(visit: Visit, form: Fields, edge: TheEdge, now: Now, at: str, work: Any) -> Response:
    _, refused = await once(visit, form, work)
    if refused is None:
        return go("/supplier/households?saved=1")
    async with edge.db.read() as session:
        return await _page(visit, session, now, at=at, form=form, refused=refused)


def _number_and_kind(form: Fields, faults: list[Fault]) -> tuple[str, LinkKind]:
    number = form["household_no"].replace(" ", "")
    if not 4 <= len(number) <= 40:  # noqa: PLR2004
        faults.append(Fault("/household_no", "missing", "请填写农户编号", "The household's number"))
    kind = next((one for one in LinkKind if one == form["kind"]), None)
    if kind is None:
        faults.append(Fault("/kind", "missing", "请选择收益类型", "Choose what was paid for"))
    return number, kind or LinkKind.PURCHASE


def _payment(form: Fields) -> tuple[str, dict[str, Any]]:
    """The household's number, and the payment without who. Raises ``InvalidInput``."""
    faults: list[Fault] = []
    number, kind = _number_and_kind(form, faults)
    read: dict[str, int | None] = {}
    for name, reader in (("quantity", thousandths), ("unit_price", amount_fen), ("amount", amount_fen)):
        try:
            read[name] = reader(form[name]) if form[name] else None
        except BadCell as bad:
            faults.append(Fault(f"/{name}", bad.code, bad.zh, bad.en))
    paid_on = _day(form, "paid_on", faults)
    quantity, price, amount = read.get("quantity"), read.get("unit_price"), read.get("amount")
    if not amount and quantity and price:
        amount = assistance.amount_of(quantity, price)
    if not amount and not faults:
        faults.append(Fault("/amount", "missing", "请填金额，或数量和单价", "An amount, or quantity and unit price"))
    if faults:
        raise InvalidInput(faults=faults)
    return number, {
        "kind": kind,
        "category": form["category"] or None,
        "paid_on": paid_on,
        "quantity_milli": quantity,
        "unit_price_fen": price,
        "amount_fen": amount,
        "reference_price_fen": None,
        "lot_id": None,
        "to_own_account": form["own"] != "no",
        "reverses": None,
        "voucher_no": form["voucher_no"][:64] or None,
    }


def _contract(form: Fields) -> tuple[str, LinkKind, date, date | None]:
    """Raises ``InvalidInput``."""
    faults: list[Fault] = []
    number, kind = _number_and_kind(form, faults)
    since = _day(form, "valid_from", faults)
    until = _day(form, "valid_to", faults) if form["valid_to"] else None
    if until is not None and until < since:
        faults.append(Fault("/valid_to", "before_from", "止日早于起日", "It ends before it begins"))
    faults += [
        Fault(f"/{name}", "missing", "请填写，至多 100 个字", "In 1 to 100 characters")
        for name in ("contract_no", "terms")
        if not 0 < len(form[name]) <= _LONGEST
    ]
    if faults:
        raise InvalidInput(faults=faults)
    return number, kind, since, until


def _day(form: Fields, name: str, faults: list[Fault]) -> date:
    try:
        return date.fromisoformat(form[name])
    except ValueError:
        faults.append(Fault(f"/{name}", "missing", "请选择日期", "Choose the day"))
        return date.min


async def _page(
    visit: Visit,
    session: AsyncSession,
    now: Now,
    *,
    at: str = "",
    form: Fields | None = None,
    checked: CheckedSheet | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    """``at`` names the form that was sent."""
    own = visit.supplier_id
    bad = refused is not None or (checked is not None and checked.rejected > 0)
    return show(
        visit,
        "supplier_households.html",
        status=refused["status"] if refused else 422 if bad else 200,
        refused=refused,
        at=at,
        said={name: form[name] if form else "" for name in (*_FIELDS, *_CONTRACT, "note")},
        checked=checked,
        rows=[] if checked is None else checked.by_trouble[:_MOST_ROWS],
        lists=await assistance.payment_lists(session, of_supplier=own, before=None, limit=_ON_A_PAGE),
        linkages=await assistance.linkage_proposals(session, of_supplier=own, limit=_ON_A_PAGE),
        kinds=list(LinkKind),
        lines=[root.slug for root in CATEGORIES if root.slug != "gift-set"],
        today=local_day(now),
        pseudonym=assistance.pseudonym,
        saved=visit.request.query_params.get("saved") == "1" and not bad,
    )

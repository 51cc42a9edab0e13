"""How a supplier sends: choose a template of the house, or write one."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from app.core.errors import Fault, InvalidInput, NotFound
from app.core.web import IfMatch, Now, ReadSession, StaleVersion, VersionRequired, WriteSession, etag, problems
from app.identity import Actor, SupplierStaff
from app.pricing import queries, service
from app.pricing.rules.freight import HOUSE_TEMPLATES, FreightRace, FreightTemplate, UnknownTemplate
from app.pricing.schemas.freight import FreightIn, FreightOut, FreightsOut

router = APIRouter(prefix="/v1/supplier/freight", tags=["pricing"])


@router.get(
    "",
    summary="How the supplier sends",
    operation_id="get_freight",
    responses=problems(UnknownTemplate),
)
async def get_freight(by: SupplierStaff, session: ReadSession, response: Response) -> FreightOut:
    """The supplier's template, or the house's default one while it has chosen nothing."""
    template = await queries.freight_template(session, _own(by))
    response.headers["ETag"] = etag(template.version)
    return FreightOut.of(template)


@router.get(
    "/house",
    summary="The templates of the house",
    operation_id="list_house_freight",
    responses=problems(),
)
async def list_house_freight(_: SupplierStaff) -> FreightsOut:
    """What a supplier may choose from."""
    found = [FreightTemplate(code, name, None, 0, False, rules) for code, name, rules in HOUSE_TEMPLATES]
    return FreightsOut(items=[FreightOut.of(template) for template in found])


@router.put(
    "",
    summary="Choose or write how the supplier sends",
    operation_id="set_freight",
    responses=problems(UnknownTemplate, FreightRace, VersionRequired, StaleVersion),
)
async def set_freight(
    body: FreightIn, by: SupplierStaff, version: IfMatch, session: WriteSession, now: Now, response: Response
) -> FreightOut:
    """From now on quotes use it; orders already placed keep their freight. A region without a rule is not sent to."""
    own = _own(by)
    if (await queries.freight_template(session, own, lock=True)).version != version:
        raise StaleVersion
    if (body.house is None) == (body.rules is None) or (body.rules is not None and body.name is None):
        fault = Fault("/house", "house_or_own", "请提供 house，或 name 与 rules", "give a house, or a name and rules")
        raise InvalidInput(faults=[fault])
    if body.house is not None:
        await service.choose_freight(session, own, body.house, now=now)
    else:
        rules = [(found.region, found.rule()) for found in body.rules or ()]
        await service.write_freight(
            session, own, name=body.name or "", volume_divisor=body.volume_divisor, rules=rules, now=now
        )
    template = await queries.freight_template(session, own)
    response.headers["ETag"] = etag(template.version)
    return FreightOut.of(template)


def _own(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise NotFound
    return by.supplier_id

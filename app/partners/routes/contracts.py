"""Contracts, as operators draft, sign and end them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    IfMatch,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    StaleVersion,
    VersionRequired,
    WriteSession,
    etag,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator
from app.partners import service
from app.partners.queries import contracts as reads
from app.partners.rules.contracts import (
    Contract,
    ContractHasPrices,
    ContractNoTaken,
    ContractNotSigned,
    ContractOver,
    ContractSigned,
    ContractsOverlap,
    InvalidContract,
)
from app.partners.schemas.contracts import ContractIn, ContractOut, OneContractOut

router = APIRouter(tags=["partners"])


@router.get(
    "/v1/operator/contracts",
    summary="Contracts with partners",
    operation_id="list_contracts",
    response_model=Page[ContractOut],
    responses=problems(InvalidCursor),
)
async def list_contracts(
    _: Operator,
    session: ReadSession,
    partner_id: Annotated[UUID | None, Query(description="Only this partner's")] = None,
    signed: Annotated[bool | None, Query(description="True: without drafts; false: only drafts")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ContractOut]:
    """The newest first."""
    before = last_seen("contracts", cursor)
    found = await reads.contracts(session, partner_id, signed=signed, before=before, limit=limit + 1)
    return page_of("contracts", found, limit, ContractOut.model_validate)


@router.post(
    "/v1/operator/partners/{partner_id}/contracts",
    summary="Draft a contract",
    operation_id="draft_contract",
    status_code=201,
    response_model=OneContractOut,
    responses=problems(NotFound, InvalidContract, ContractNoTaken),
)
async def draft_contract(
    partner_id: UUID, body: ContractIn, by: Operator, session: WriteSession, now: Now, response: Response
) -> OneContractOut:
    """Nothing can be ordered under it before it is signed. Its price list may be written meanwhile."""
    fees = [fee.fee() for fee in body.fees]
    contract = await service.draft(session, partner_id, body.terms(), fees, by=by, now=now)
    return await _shown(session, contract, response)


@router.get(
    "/v1/operator/contracts/{contract_id}",
    summary="One contract",
    operation_id="get_contract",
    response_model=OneContractOut,
    responses=problems(NotFound),
)
async def get_contract(contract_id: UUID, _: Operator, session: ReadSession, response: Response) -> OneContractOut:
    """With the fees that it names."""
    return await _shown(session, await reads.contract(session, contract_id), response)


@router.put(
    "/v1/operator/contracts/{contract_id}",
    summary="Rewrite a draft",
    operation_id="redraft_contract",
    response_model=OneContractOut,
    responses=problems(NotFound, InvalidContract, ContractNoTaken, ContractSigned, VersionRequired, StaleVersion),
)
async def redraft_contract(
    contract_id: UUID,
    body: ContractIn,
    by: Operator,
    version: IfMatch,
    session: WriteSession,
    now: Now,
    response: Response,
) -> OneContractOut:
    """Terms and fees are replaced as a whole. What was signed never changes: end it and sign another."""
    fees = [fee.fee() for fee in body.fees]
    contract = await service.redraft(session, contract_id, body.terms(), fees, version=version, by=by, now=now)
    return await _shown(session, contract, response)


@router.delete(
    "/v1/operator/contracts/{contract_id}",
    summary="Throw a draft away",
    operation_id="discard_contract",
    status_code=204,
    responses=problems(NotFound, ContractSigned, ContractHasPrices),
)
async def discard_contract(contract_id: UUID, _: Operator, session: WriteSession) -> None:
    """A draft that was given a price list stays, so that nobody loses one by mistake."""
    await service.discard(session, contract_id)


@router.post(
    "/v1/operator/contracts/{contract_id}/sign",
    summary="Sign a contract",
    operation_id="sign_contract",
    response_model=OneContractOut,
    responses=problems(NotFound, ContractSigned, ContractsOverlap),
)
async def sign_contract(
    contract_id: UUID, by: Operator, session: WriteSession, now: Now, response: Response
) -> OneContractOut:
    """From its first day on the partner orders under it. It stays as it is; no other may hold on one of its days."""
    return await _shown(session, await service.sign(session, contract_id, by=by, now=now), response)


@router.post(
    "/v1/operator/contracts/{contract_id}/end",
    summary="End a contract early",
    operation_id="end_contract",
    response_model=OneContractOut,
    responses=problems(NotFound, ContractNotSigned, ContractOver),
)
async def end_contract(
    contract_id: UUID, by: Operator, session: WriteSession, now: Now, response: Response
) -> OneContractOut:
    """From today on no order is taken under it; what was ordered is delivered, stated and paid as agreed."""
    return await _shown(session, await service.end(session, contract_id, by=by, now=now), response)


async def _shown(session: AsyncSession, contract: Contract, response: Response) -> OneContractOut:
    response.headers["ETag"] = etag(contract.version)
    return OneContractOut.of(contract, await reads.fees(session, contract.id))

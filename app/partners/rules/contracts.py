"""What is agreed with a partner: the terms of a period, tolerances at the dock, and fees by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from app.core.clock import local_day
from app.core.errors import DomainError, Fault
from app.core.money import MAX_FEN
from app.partners.rules import MAX_TERM_DAYS

WHOLE_BP = 10_000
MAX_LEAD_DAYS = 60
_WEEKDAYS = range(1, 8)


class TermBase(StrEnum):
    """The day from which the term of payment runs (domain handbook §4.2)."""

    RECEIPT_DATE = "receipt_date"
    STATEMENT_DATE = "statement_date"
    INVOICE_DATE = "invoice_date"


class MinimumUnit(StrEnum):
    """What the least size of a purchase order is counted in."""

    FEN = "fen"
    CASES = "cases"
    NET_WEIGHT_G = "net_weight_g"


class FeeBasis(StrEnum):
    """How a fee is worked out."""

    FIXED = "fixed"
    PERCENT = "percent"
    PER_STORE = "per_store"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How faulty goods of a root category are treated at the dock, in hundredths of a percent of what was delivered.

    Up to ``accept_bp`` of faults a line is taken in and paid whole; up to ``deduct_bp`` what is faulty is deducted;
    with more than that the line is refused. The buying department is told when less than ``notify_below_bp`` of what
    was ordered comes (domain handbook §4.2).
    """

    accept_bp: int
    deduct_bp: int
    notify_below_bp: int


ORANGES = Tolerance(accept_bp=100, deduct_bp=500, notify_below_bp=8_500)
"""Produce: 1 % is nothing, up to 5 % is deducted, more is refused (domain handbook §4.2)."""
PACKED = Tolerance(accept_bp=0, deduct_bp=WHOLE_BP, notify_below_bp=8_500)
"""Tea and oil: no fault is taken, and only what is damaged is refused (domain handbook §4.2)."""
USUAL_TOLERANCE: Mapping[str, Tolerance] = {"navel-orange": ORANGES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a contract says. Days are those of Asia/Shanghai, ``order_weekdays`` are 1 Monday to 7 Sunday.

    Orders are taken on those days until ``order_until``, for ``lead_days`` later at the earliest, of at least
    ``minimum`` counted in ``minimum_unit``. Goods come with ``min_life_pct`` of their life left. ``tolerance`` is by
    root category; ``tolerance_of`` knows those that it leaves out.
    """

    contract_no: str
    valid_from: date
    valid_to: date
    order_weekdays: tuple[int, ...]
    order_until: time
    lead_days: int
    minimum: int
    minimum_unit: MinimumUnit
    min_life_pct: int
    term_days: int
    term_base: TermBase
    rebate_bp: int
    rebate_on_invoice: bool
    tolerance: Mapping[str, Tolerance]

    def tolerance_of(self, root: str) -> Tolerance:
        """The receiving rule of a root category: what was agreed, else what is usual."""
        return self.tolerance.get(root) or USUAL_TOLERANCE.get(root, PACKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Terms):
    """Terms agreed with a partner; a draft until ``signed_at``, over early from the day of ``ended_at`` on.

    ``version`` counts the drafts.
    """

    id: UUID
    partner_id: UUID
    version: int
    signed_at: datetime | None
    ended_at: datetime | None

    def holds_on(self, day: date) -> bool:
        """Whether goods can be ordered under it on ``day``."""
        first, after = _days(self)
        return self.signed_at is not None and first <= day < after


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFee:
    """A fee to be agreed: ``amount_fen`` once a month, or for each store, or ``rate_bp`` of a month's net receipts."""

    name: str
    service: str
    basis: FeeBasis
    amount_fen: int | None
    rate_bp: int | None
    tax_rate_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee(NewFee):
    """A fee that a contract names."""

    id: UUID
    contract_id: UUID


class ContractNoTaken(DomainError):
    """Another contract has this number."""

    code = "contract_no_taken"
    zh = "合同编号已被使用。"
    en = "Another contract has this number."


class NoContract(DomainError):
    """No signed contract of the partner holds on the day."""

    code = "no_contract"
    zh = "该合作商超在 {day} 没有已签署的有效合同，不能订货；请先签订或续签合同。"
    en = "The partner has no signed contract that holds on {day}, so nothing can be ordered; have one signed first."


class ContractSigned(DomainError):
    """What was signed is not changed any more."""

    code = "contract_signed"
    zh = "合同已签署，内容不能再修改；如需变更，请终止本合同并另签新合同。"
    en = "The contract is signed and stays as it is; to change terms, end it and sign another one."


class ContractHasPrices(DomainError):
    """A draft with a price list is not thrown away."""

    code = "contract_has_prices"
    zh = "该合同草稿已有价目表，不能删除；可继续修改，或保留不签。"
    en = "The draft has a price list and is kept; rewrite it, or leave it unsigned."


class ContractNotSigned(DomainError):
    """A draft cannot be ended."""

    code = "contract_not_signed"
    zh = "合同尚未签署，无需终止；草稿可直接修改或删除。"
    en = "The contract is not signed, so there is nothing to end; change or remove the draft."


class ContractOver(DomainError):
    """The contract has ended before."""

    code = "contract_over"
    zh = "合同已终止或到期。"
    en = "The contract is over."


class ContractsOverlap(DomainError):
    """Another signed contract of the partner holds on some of the days."""

    code = "contracts_overlap"
    zh = "与已签署的合同 {contract_no}（{valid_from} 至 {valid_to}）日期重叠；请先终止该合同或调整起止日期。"
    en = (
        "It overlaps contract {contract_no}, signed for {valid_from} to {valid_to}; "
        "end that one first or choose other days."
    )


class InvalidContract(DomainError):
    """The terms cannot be; ``errors`` say why."""

    status = 422
    code = "invalid_contract"
    zh = "合同条款有误，请按 errors 中的提示修改。"
    en = "The contract's terms are not valid; correct what `errors` points at."


def check(terms: Terms) -> None:
    """Refuse terms that the law or arithmetic forbids. Raises ``InvalidContract`` with everything that is wrong."""
    share = "应在 0 到 100% 之间"
    wrong = [
        (
            terms.valid_to < terms.valid_from,
            "/valid_to",
            "ends_before_it_begins",
            "终止日早于起始日",
            "before its start",
        ),
        (
            not terms.order_weekdays or not set(terms.order_weekdays) <= set(_WEEKDAYS),
            "/order_weekdays",
            "invalid_weekdays",
            "至少一个订货日，1 为周一，7 为周日",
            "at least one day, 1 Monday to 7 Sunday",
        ),
        (
            not 0 <= terms.lead_days <= MAX_LEAD_DAYS,
            "/lead_days",
            "out_of_range",
            "应在 0 到 60 天之间",
            "0 to 60 days",
        ),
        (not 0 <= terms.minimum <= MAX_FEN, "/minimum", "out_of_range", "起订量超出范围", "out of range"),
        (not 0 <= terms.min_life_pct <= 100, "/min_life_pct", "out_of_range", share, "0 to 100 %"),  # noqa: PLR2004
        (
            not 0 <= terms.term_days <= MAX_TERM_DAYS,
            "/term_days",
            "term_too_long",
            "账期依法不得超过收货后 60 天",
            "the law allows at most 60 days after receipt",
        ),
        (not 0 <= terms.rebate_bp <= WHOLE_BP, "/rebate_bp", "invalid_rebate", share, "0 to 100 %"),
    ]
    wrong += [
        (
            not 0 <= rule.accept_bp <= rule.deduct_bp <= WHOLE_BP or not 0 <= rule.notify_below_bp <= WHOLE_BP,
            f"/tolerance/{root}",
            "invalid_tolerance",
            "须为 0 ≤ accept_bp ≤ deduct_bp ≤ 10000",
            "0 ≤ accept_bp ≤ deduct_bp ≤ 10000",
        )
        for root, rule in terms.tolerance.items()
    ]
    if faults := [Fault(pointer, code, zh, en) for bad, pointer, code, zh, en in wrong if bad]:
        raise InvalidContract(faults=faults)


def check_fees(fees: Sequence[NewFee]) -> None:
    """Refuse fees that name no service or no amount (domain handbook §4.3). Raises ``InvalidContract``."""
    faults: list[Fault] = []
    names: set[str] = set()
    for at, fee in enumerate(fees):
        if not fee.name.strip() or not fee.service.strip():
            zh = "费用须写明名称和对应的服务内容"
            faults.append(Fault(f"/fees/{at}/service", "unnamed_fee", zh, "a fee has a name and a service it pays for"))
        if fee.name in names:
            faults.append(Fault(f"/fees/{at}/name", "fee_named_twice", "同名费用重复", "another fee has this name"))
        names.add(fee.name)
        percent = fee.basis is FeeBasis.PERCENT
        figure, other = (fee.rate_bp, fee.amount_fen) if percent else (fee.amount_fen, fee.rate_bp)
        if figure is None or other is not None or not 1 <= figure <= (WHOLE_BP if percent else MAX_FEN):
            zh, en = "按比例的费用填 rate_bp，其余填 amount_fen", "give rate_bp for a percentage, else amount_fen"
            faults.append(Fault(f"/fees/{at}/{'rate_bp' if percent else 'amount_fen'}", "invalid_fee", zh, en))
        if not 0 <= fee.tax_rate_bp <= WHOLE_BP:
            faults.append(Fault(f"/fees/{at}/tax_rate_bp", "out_of_range", "税率超出范围", "out of range"))
    if faults:
        raise InvalidContract(faults=faults)


def check_free(contract: Contract, signed: Sequence[Contract]) -> None:
    """Refuse to sign a contract that shares a day with another signed one. Raises ``ContractsOverlap``."""
    start, end = _days(contract)
    for other in signed:
        first, last = _days(other)
        if other.id != contract.id and max(start, first) < min(end, last):
            raise ContractsOverlap(contract_no=other.contract_no, valid_from=other.valid_from, valid_to=other.valid_to)


def gaps(contracts: Sequence[Contract]) -> list[tuple[date, date]]:
    """The spells between signed contracts on which none holds, each as its first day and the day after its last."""
    spans = sorted(_days(contract) for contract in contracts if contract.signed_at is not None)
    spans = [span for span in spans if span[0] < span[1]]
    return [(before[1], after[0]) for before, after in pairwise(spans) if before[1] < after[0]]


def _days(contract: Contract) -> tuple[date, date]:
    """The first day on which it holds, and the first on which it does not any more."""
    end = date.fromordinal(contract.valid_to.toordinal() + 1)
    return contract.valid_from, min(end, local_day(contract.ended_at)) if contract.ended_at else end

"""The wire format of reports. It documents; the figures are written by ``routes`` straight from the report."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from app.assistance import Channel, Day, HouseholdGroup, Kind, Metric, Standing
from app.core.web import Body, Out, ShortText, Sku, Slug
from app.reports.lifecycle import Status
from app.reports.rules import Basis, Group
from app.reports.rules.exceptions import Check
from app.reports.rules.exports import Export, FileFormat, Subject


class SalesTotals(Out):
    """Figures of a row or of the whole report.

    ``net_fen`` is ``gross_fen`` less ``refunded_fen``, and ``platform_fen`` with ``declared_fen``.
    """

    orders: int = Field(description="Distinct orders that were sold; refunds alone add none")
    quantity: int
    gross_fen: int
    refunded_fen: int
    platform_fen: int = Field(description="What of the net orders of the platform prove")
    declared_fen: int = Field(description="What of the net was declared from outside the platform with vouchers")
    net_fen: int


class SalesRow(SalesTotals):
    """One row: the columns of the groups asked for, then the figures."""

    month: str | None = Field(None, examples=["2026-11"])
    day: date | None = None
    category: str | None = None
    product_id: str | None = None
    product: str | None = None
    sku: str | None = None
    supplier_id: str | None = None
    supplier: str | None = None
    township_code: str | None = None
    township: str | None = None
    village: str | None = Field(None, description="Of the lot; null where it has none or names none")
    channel: str | None = None
    division_code: str | None = None
    division: str | None = None
    partner_id: str | None = None
    partner: str | None = None


class SalesReport(Out):
    """A sales report, all of it from one snapshot."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "as_of": "2026-11-20T04:00:00Z",
                    "basis": "counted",
                    "from": "2026-01-01",
                    "to": "2026-12-31",
                    "group_by": ["month"],
                    "undelivered_facts": 0,
                    "declared_fen": 0,
                    "rows": [
                        {
                            "month": "2026-04",
                            "orders": 2,
                            "quantity": 3,
                            "gross_fen": 41400,
                            "refunded_fen": 0,
                            "platform_fen": 41400,
                            "declared_fen": 0,
                            "net_fen": 41400,
                        }
                    ],
                    "totals": {
                        "orders": 2,
                        "quantity": 3,
                        "gross_fen": 41400,
                        "refunded_fen": 0,
                        "platform_fen": 41400,
                        "declared_fen": 0,
                        "net_fen": 41400,
                    },
                }
            ]
        }
    )

    as_of: datetime
    basis: Basis
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    group_by: list[Group]
    undelivered_facts: int = Field(description="Sales and refunds announced but not yet counted")
    declared_fen: int = Field(description="What of the net was declared from outside the platform with vouchers")
    rows: list[SalesRow]
    totals: SalesTotals


class GoalRow(Out):
    """How one goal stands. Figures are in its ``unit``."""

    id: str
    code: str
    name: str
    partition_group: str | None
    metric: Metric
    unit: str = Field(examples=["fen"])
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    version: int = Field(description="Version of the goal's definition")
    target: int
    actual: int
    actual_platform: int = Field(description="What of the actual figure orders of the platform prove")
    actual_declared: int = Field(description="What of it was declared from outside the platform with vouchers")
    progress: float = Field(ge=0, le=1)
    expected_to_date: int
    forecast_low: int
    forecast_mid: int
    forecast_high: int
    agreed: int = Field(description="What is agreed and not delivered, due within the period")
    forecast_error: float | None = Field(description="Mean absolute error of the forecasts made in the past")
    period_error: float | None = Field(
        description="How far off past forecasts of a period's end were at this time of it, as a part of the period"
    )
    status: Standing


class GoalsReport(Out):
    """The goals that touch a year. They overlap, so there are no totals."""

    as_of: datetime
    year: int
    undelivered_facts: int = Field(description="Sales and refunds announced but not yet counted")
    rows: list[GoalRow]


class PartyTotals(SalesTotals):
    """Figures beside those of the same days a year before."""

    net_before_fen: int
    change: float | None = Field(None, description="Growth of net over a year before, 0.05 for 5 %")


class SupplierRow(PartyTotals):
    """One supplier."""

    supplier_id: str
    supplier: str | None
    net_share: float | None = Field(description="Part of the report's net")


class PartnerRow(PartyTotals):
    """One supermarket."""

    partner_id: str
    partner: str | None
    net_share: float | None = Field(description="Part of the report's net")


class _PartiesReport(Out):
    as_of: datetime
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    undelivered_facts: int = Field(description="Sales and refunds announced but not yet counted")
    totals: PartyTotals


class SuppliersReport(_PartiesReport):
    """Counted sales by supplier, the largest first."""

    rows: list[SupplierRow]


class PartnersReport(_PartiesReport):
    """Counted purchases by supermarket, the largest first."""

    rows: list[PartnerRow]


class CheckOut(Out):
    """A question that was asked, and how many cases it found."""

    check: Check
    title: str
    title_en: str
    question: str
    question_en: str
    cases: int


class ExceptionRow(Out):
    """A case to be looked at."""

    check: Check
    on_day: date
    number: str = Field(description="Of the order, the purchase order or whatever else is in question")
    sku: str | None
    line_id: str | None
    supplier_id: str | None
    supplier: str | None
    amount_fen: int
    finding: str
    finding_en: str


class ExceptionsReport(Out):
    """What auditors look for, case by case."""

    as_of: datetime
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    undelivered_facts: int = Field(description="Sales and refunds announced but not yet counted")
    checks: list[CheckOut]
    rows: list[ExceptionRow]


class HouseholdsTotals(Out):
    """Counts and sums. Null where a group is too small to be told, or where it would give another away."""

    households_paid: int | None = Field(None, description="Paid anything within the period")
    persons_paid: int | None = None
    households: int | None = Field(None, description="Allocated 100 yuan or more")
    persons: int | None = None
    linked_only: int | None = Field(None, description="With a contract in force and no payment")
    paid_fen: int | None = None
    income_fen: int | None = Field(None, description="Allocated to counted sales: allocated, not causal")


class HouseholdsRow(HouseholdsTotals):
    """One group of households."""

    township_code: str | None = None
    township: str | None = None
    supplier_id: str | None = None
    supplier: str | None = None
    village: str | None = None
    class_: str | None = Field(None, alias="class", description="Of the programme period; `unrecorded` without one")
    shown: str | None = Field(None, description="`hidden` where the group is not told")


class NoteOut(Out):
    """A sentence that belongs to the figures."""

    zh: str
    en: str


class ShareOut(Out):
    """By which share the income from a supplier was allocated: ρ of a product line's material, or λ of the rest.

    ``part`` over ``whole`` is the share: grams of raw material needed and bought, or fen of counted and of all sales.
    Where the supplier declared nothing all three are null: what stands in would tell of its households.
    """

    supplier_id: UUID
    supplier: str
    category: str | None
    part: int | None
    whole: int | None
    share: float | None


class HouseholdsReport(Out):
    """What counted sales did for households, by group; a household counts once in the totals."""

    as_of: datetime
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    group_by: HouseholdGroup
    undelivered_facts: int = Field(description="Sales and refunds announced but not yet counted")
    net_fen: int = Field(description="Counted net sales of the same days")
    income_return_ratio: float | None = Field(description="Allocated income over net sales", examples=[0.1557])
    uplift_fen: int | None = Field(description="Paid for purchases above the reference price of the day")
    basis: str
    material_undeclared: int = Field(description="Product lines of suppliers without declared purchases")
    revenue_undeclared: int = Field(description="Suppliers without declared revenue")
    shares: list[ShareOut] = Field(description="How the allocation was worked out")
    rows: list[HouseholdsRow]
    totals: HouseholdsTotals
    notes: list[NoteOut] = Field(description="The terms of the allocation; they belong to the figures")


class ExportParameters(Body):
    """What a report is asked with. Which it needs and takes is told when one is missing or too many."""

    first: Day | None = Field(None, alias="from", description="First day (Asia/Shanghai)", examples=["2026-01-01"])
    last: Day | None = Field(None, alias="to", description="Last day, inclusive", examples=["2026-12-31"])
    year: int | None = Field(None, ge=2000, le=2199, description="Of `goals`")
    group_by: str | None = Field(None, max_length=64, description="Of `sales` and `households`", examples=["day,sku"])
    basis: Basis | None = Field(None, description="Of `sales`")
    check: Check | None = Field(None, description="Of `exceptions`: one question alone")
    kind: Kind | None = Field(None, description="Of `ledger`, as are all that follow")
    category: Slug | None = None
    product: UUID | None = None
    sku: Sku | None = None
    supplier: UUID | None = None
    township: ShortText | None = None
    channel: Channel | None = None
    division: ShortText | None = Field(None, description="Prefix of division codes", examples=["3701"])
    partner: UUID | None = None


class ExportIn(Body):
    """A report as a file. `ledger` and `lines` are told row by row, the others as the reports of the same names."""

    report: Subject = Field(examples=["ledger"])
    parameters: ExportParameters = Field(examples=[{"from": "2026-01-01", "to": "2026-12-31"}])
    format: FileFormat = Field(examples=["xlsx"])


class ExportProgress(Out):
    """How many rows are in the file; `total` is 0 until they are counted."""

    done: int = Field(examples=[120_000])
    total: int = Field(examples=[1_000_000])


class ExportProblem(Out):
    """Why there is no file."""

    code: str = Field(examples=["report_too_large"])
    detail: str


class ExportOut(Out):
    """A file and how far it is. `file` is where it is taken from once it is `done`, until `expires_at`."""

    id: UUID
    report: Subject
    parameters: dict[str, Any] = Field(examples=[{"from": "2026-01-01", "to": "2026-12-31"}])
    format: FileFormat
    language: str = Field(description="Of words in it: that of `Accept-Language` when it was asked for")
    status: Status
    progress: ExportProgress
    asked_at: datetime
    as_of: datetime | None = Field(description="The moment of its figures")
    finished_at: datetime | None
    expires_at: datetime | None
    name: str | None = Field(examples=["ledger-2026-01-01-2026-12-31.xlsx"])
    size: int | None = Field(description="Bytes")
    sha256: str | None
    file: str | None
    problem: ExportProblem | None

    @classmethod
    def of(cls, found: Export, language: str) -> Self:
        """In the caller's language."""
        problem = found.problem
        return cls(
            id=found.id,
            report=found.subject,
            parameters=dict(found.parameters),
            format=found.form,
            language=found.language,
            status=Status(found.status),
            progress=ExportProgress(done=found.done, total=found.total),
            asked_at=found.asked_at,
            as_of=found.as_of,
            finished_at=found.finished_at,
            expires_at=found.expires_at,
            name=found.name,
            size=found.size,
            sha256=found.sha256,
            file=f"/v1/office/exports/{found.id}/file" if found.status == Status.DONE else None,
            problem=problem and ExportProblem(code=problem.code, detail=problem.en if language == "en" else problem.zh),
        )

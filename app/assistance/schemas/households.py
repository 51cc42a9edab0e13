"""The wire format of households, of their linkages and of what they were paid."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.assistance.rules.households import (
    ChangeKind,
    Differences,
    Entered,
    FigureKind,
    Household,
    HouseholdFile,
    Linkage,
    LinkKind,
    ListStatus,
    NewHousehold,
    NewLinkage,
    Payment,
    PaymentList,
    Version,
    amount_of,
)
from app.assistance.schemas import Day
from app.core.money import MAX_FEN
from app.core.web import Body, LongText, Out, ShortText, unfit

Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,40}$"), Field(examples=["H-433125116-0001"])]
Why = Annotated[str, StringConstraints(min_length=4, max_length=200)]
Voucher = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_Fen = Annotated[int, Field(strict=True, ge=1, le=MAX_FEN)]
_Milli = Annotated[int, Field(strict=True, ge=1, le=10**12)]


class HouseholdIn(Body):
    """A household to register. Its number is sealed and never shown except in a read that is logged."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "household_no": "H-433125116-0001",
                    "township_code": "433125116",
                    "village": "黄金村",
                    "class_by_period": {"P1": "建档立卡", "P2": "脱贫户"},
                    "persons": 4,
                    "persons_linked": 2,
                    "consented_on": "2026-01-10",
                    "bank_tail": "1234",
                }
            ]
        }
    )

    household_no: Number
    township_code: Annotated[str, StringConstraints(pattern=r"^433125[0-9]{3}$")]
    village: ShortText
    class_by_period: dict[Literal["P1", "P2", "P3"], ShortText] = Field(default_factory=dict)
    persons: Annotated[int, Field(strict=True, ge=1, le=50)]
    persons_linked: Annotated[int, Field(strict=True, ge=0, le=50)]
    consented_on: Day | None = Field(None, description="Day of the written consent to keep these data")
    bank_tail: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.persons_linked > self.persons:
            raise unfit(
                "带动人数不能超过家庭人口", "No more persons can be linked than the household has", at="/persons_linked"
            )
        return self

    def new(self) -> NewHousehold:
        """As the module's value."""
        return NewHousehold(
            number=self.household_no,
            township_code=self.township_code,
            village=self.village,
            classes=dict(self.class_by_period.items()),
            persons=self.persons,
            persons_linked=self.persons_linked,
            consented_on=self.consented_on,
            bank_tail=self.bank_tail,
        )


class HouseholdSearchIn(Body):
    """Whom to look for, and why; the number travels in the body so that no log of addresses has it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"household_no": "H-433125116-0001", "why": "核对收购款"}]}
    )

    household_no: Number
    why: Why


_Persons = Annotated[int, Field(strict=True, ge=1, le=50)]
_Linked = Annotated[int, Field(strict=True, ge=0, le=50)]
_Township = Annotated[str, StringConstraints(pattern=r"^433125[0-9]{3}$")]
_Classes = dict[Literal["P1", "P2", "P3"], ShortText]


class LeaveIn(Body):
    """The day on which a household moved away, ended or left the scheme."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"left_on": "2026-06-30", "note": "整户搬迁至外县"}]})

    left_on: Day
    note: LongText = "离开"


class HouseholdChangeIn(Body):
    """What is true of a household from ``on``; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"on": "2026-06-01", "change": "moved", "village": "夯吉村", "note": "易地搬迁，村委会证明"}]
        }
    )

    on: Day
    change: Literal["moved", "corrected", "returned"]
    township_code: _Township | None = None
    village: ShortText | None = None
    class_by_period: _Classes | None = None
    persons: _Persons | None = None
    persons_linked: _Linked | None = None
    note: LongText

    def told(self) -> Differences:
        """As the module's value."""
        classes = None if self.class_by_period is None else {str(at): said for at, said in self.class_by_period.items()}
        return Differences(self.township_code, self.village, classes, self.persons, self.persons_linked)


class HouseholdSplitIn(Body):
    """Who goes on their own from ``on``, and how many are left."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "on": "2026-06-01",
                    "persons": 3,
                    "persons_linked": 1,
                    "note": "长子分户",
                    "household": {
                        "household_no": "H-433125116-0002",
                        "township_code": "433125116",
                        "village": "黄金村",
                        "persons": 2,
                        "persons_linked": 1,
                    },
                }
            ]
        }
    )

    on: Day
    persons: Annotated[_Persons, Field(description="Left in the household")]
    persons_linked: _Linked
    household: HouseholdIn
    note: LongText


class HouseholdVersionOut(Out):
    """What became true of a household on a day, and why."""

    id: UUID
    valid_from: date
    change: ChangeKind
    township_code: str
    township: str
    village: str
    class_by_period: dict[str, str]
    persons: int
    persons_linked: int
    left_on: date | None
    split_into: UUID | None
    note: str
    entered_by: UUID
    entered_at: datetime

    @classmethod
    def of(cls, found: Version) -> HouseholdVersionOut:
        """From the module's value."""
        shown = {name: getattr(found, name) for name in cls.model_fields if name != "class_by_period"}
        return cls(**shown, class_by_period=dict(found.classes))


class ContractIn(Body):
    """A contract or register entry. ``yearly_fen`` is the most that it allows in a year, of rent or dividends."""

    kind: LinkKind
    contract_no: ShortText
    valid_from: Day
    valid_to: Day | None = None
    terms: LongText
    yearly_fen: _Fen | None = None

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise unfit("结束日期不能早于开始日期", "Must not lie before valid_from", at="/valid_to")
        return self

    def linkage(self, household_id: UUID, supplier_id: UUID) -> NewLinkage:
        """As the module's value."""
        return NewLinkage(
            household_id,
            supplier_id,
            self.kind,
            self.contract_no,
            self.valid_from,
            self.valid_to,
            self.terms,
            self.yearly_fen,
        )


class LinkageIn(ContractIn):
    """A contract with a supplier."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "supplier_id": "01936c5e-0000-7000-8000-000000000001",
                    "kind": "PURCHASE",
                    "contract_no": "LD-2026-001",
                    "valid_from": "2026-01-01",
                    "valid_to": "2026-12-31",
                    "terms": "鲜叶保底价 40 元/kg",
                }
            ]
        }
    )

    supplier_id: UUID


class LinkageOut(Out):
    """How a household is linked with a supplier."""

    id: UUID
    supplier_id: UUID
    kind: LinkKind
    contract_no: str
    valid_from: date
    valid_to: date | None
    terms: str
    yearly_fen: int | None

    @classmethod
    def of(cls, found: Linkage) -> LinkageOut:
        """From the module's value."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class HouseholdOut(Out):
    """A household without anything that tells who it is."""

    id: UUID
    township_code: str
    township: str
    village: str
    class_by_period: dict[str, str]
    persons: int
    persons_linked: int
    consented_on: date | None
    left_on: date | None
    entered_at: datetime

    @classmethod
    def of(cls, found: Household) -> HouseholdOut:
        """From the module's value."""
        shown = {name: getattr(found, name) for name in HouseholdOut.model_fields if name != "class_by_period"}
        return cls(**shown, class_by_period=dict(found.classes))


class HouseholdPaymentOut(Out):
    """One payment. ``quantity_milli`` is thousandths of kg, days, 亩 or shares."""

    id: UUID
    supplier_id: UUID
    kind: LinkKind
    category: str | None
    paid_on: date
    quantity_milli: int | None
    unit_price_fen: int | None
    amount_fen: int
    reference_price_fen: int | None
    lot_id: UUID | None
    to_own_account: bool
    reverses: UUID | None
    voucher_no: str | None
    status: ListStatus
    list_id: UUID
    note: str

    @classmethod
    def of(cls, found: Entered) -> HouseholdPaymentOut:
        """From the module's value."""
        told = ("id", "status", "list_id", "note")
        shown = {name: getattr(found.payment, name) for name in cls.model_fields if name not in told}
        return cls(**shown, **{name: getattr(found, name) for name in told})


class HouseholdFileOut(HouseholdOut):
    """A household with its number, bank tail, versions, linkages and payments; the read of it is on record."""

    household_no: str
    bank_tail: str | None
    versions: list[HouseholdVersionOut] = Field(description="What changed since it was registered, the latest first")
    linkages: list[LinkageOut]
    payments: list[HouseholdPaymentOut] = Field(description="The latest first, at most 500")

    @classmethod
    def told(cls, found: HouseholdFile) -> HouseholdFileOut:
        """From the module's value."""
        return cls(
            **HouseholdOut.of(found.household).model_dump(),
            household_no=found.household.number or "",
            bank_tail=found.household.bank_tail,
            versions=[HouseholdVersionOut.of(one) for one in found.versions],
            linkages=[LinkageOut.of(one) for one in found.linkages],
            payments=[HouseholdPaymentOut.of(one) for one in found.payments],
        )


class PaidIn(Body):
    """What was paid. The amount may be left out where quantity and unit price give it."""

    kind: LinkKind
    category: str | None = Field(None, description="The product line, of payments for material", max_length=32)
    paid_on: Day
    quantity_milli: _Milli | None = Field(None, description="Thousandths of kg, days, 亩 or shares", examples=[312500])
    unit_price_fen: _Fen | None = Field(None, examples=[5000])
    amount_fen: _Fen | None = Field(None, examples=[1562500])
    reference_price_fen: _Fen | None = Field(None, description="Market price of that day for the same goods")
    lot_id: UUID | None = Field(None, description="The lot that the material went into")
    to_own_account: bool = Field(True, description="Whether it was transferred to the household's own account")
    voucher_no: Voucher | None = Field(None, description="Of the weigh slip, payroll or transfer; once a month")

    @model_validator(mode="after")
    def _amount(self) -> Self:
        if self.amount_fen is None and (self.quantity_milli is None or self.unit_price_fen is None):
            raise unfit(
                "请填写 amount_fen，或同时填写 quantity_milli 与 unit_price_fen",
                "Give amount_fen, or both quantity_milli and unit_price_fen",
                at="/amount_fen",
            )
        return self

    def paid(self, household_id: UUID, supplier_id: UUID) -> Payment:
        """As the module's value."""
        values = {name: getattr(self, name) for name in PaidIn.model_fields if name != "amount_fen"}
        amount = self.amount_fen or amount_of(self.quantity_milli or 0, self.unit_price_fen or 0)
        return Payment(household_id, supplier_id, **values, amount_fen=amount, reverses=None)


class HouseholdPaymentIn(PaidIn):
    """One payment of a supplier to a household."""

    household_id: UUID
    supplier_id: UUID

    def payment(self) -> Payment:
        """As the module's value."""
        return self.paid(self.household_id, self.supplier_id)


class PaymentListIn(Body):
    """Payments that are entered together: all of them or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "note": "四月鲜叶收购",
                    "payments": [
                        {
                            "household_id": "01936c5e-0000-7000-8000-000000000001",
                            "supplier_id": "01936c5e-0000-7000-8000-000000000002",
                            "kind": "PURCHASE",
                            "category": "golden-tea",
                            "paid_on": "2026-04-02",
                            "quantity_milli": 312500,
                            "unit_price_fen": 5000,
                            "reference_price_fen": 4800,
                        }
                    ],
                }
            ]
        }
    )

    note: LongText
    payments: Annotated[list[HouseholdPaymentIn], Field(min_length=1, max_length=1_000)]
    evidence: Annotated[list[UUID], Field(max_length=20, description="Files of the purpose `evidence`")] = Field(
        default_factory=list
    )


class PaymentDecisionIn(Body):
    """What the second officer says about a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "已核对转账回单"}]})

    note: LongText


class PaymentReversalIn(Body):
    """Why and when an approved payment is taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": "2026-05-03", "note": "重复录入"}]})

    on: Day
    note: LongText


class PaymentListOut(Out):
    """Payments that were entered together, and what a second officer decided."""

    id: UUID
    source: str
    rows: int
    total_fen: int
    note: str
    status: ListStatus
    entered_by: UUID
    entered_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_note: str | None
    supplier_id: UUID | None = Field(description="Who proposed it, of lists that a supplier entered")

    @classmethod
    def of(cls, found: PaymentList) -> PaymentListOut:
        """From the module's value."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class SupplierFigureIn(Body):
    """What a supplier declared about a span of days: raw material in grams, or total revenue in fen."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "raw_purchased_g",
                    "category": "golden-tea",
                    "from": "2026-01-01",
                    "to": "2026-12-31",
                    "value": 20000000,
                    "evidence": "收购台账与收购发票",
                }
            ]
        }
    )

    kind: FigureKind
    category: str | None = Field(None, max_length=32)
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    value: Annotated[int, Field(strict=True, ge=0, le=MAX_FEN)]
    evidence: LongText

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.last < self.first:
            raise unfit("结束日期不能早于开始日期", "Must not lie before the first day", at="/to")
        return self


class SupplierFigureOut(Out):
    """A figure that was kept."""

    id: UUID

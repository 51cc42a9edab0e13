"""Tables of assistance, one file for each thing that is kept."""

from app.assistance.models.certificates import CertificateRow
from app.assistance.models.declared import DeclaredSaleRow, ExternalClaimRow, VoucherRow
from app.assistance.models.exclusions import ExclusionRow
from app.assistance.models.goals import GoalReachedRow, GoalRow, GoalVersionRow
from app.assistance.models.households import (
    HouseholdAccessRow,
    HouseholdRow,
    HouseholdVersionRow,
    LinkageDecisionRow,
    LinkageProposalRow,
    LinkageRow,
    PaymentListDecisionRow,
    PaymentListRow,
    PaymentRow,
    PaymentTakenBackRow,
    SupplierFigureRow,
    SupplierReachRow,
)
from app.assistance.models.ledger import EntryRow
from app.assistance.models.lots import lot_sum, lot_unfolded
from app.assistance.models.periods import ClosingRow, SubmissionRow
from app.assistance.models.plans import AspectRow, MeasureRow, PlanRow
from app.assistance.models.progress import ProgressDecisionRow, ProgressRow
from app.assistance.models.proposals import DecisionRow, ProposalRow
from app.assistance.models.seals import SealedEntryRow, SealRow, UnsealedRow
from app.assistance.models.summary import unfolded

__all__ = [
    "AspectRow",
    "CertificateRow",
    "ClosingRow",
    "DecisionRow",
    "DeclaredSaleRow",
    "EntryRow",
    "ExclusionRow",
    "ExternalClaimRow",
    "GoalReachedRow",
    "GoalRow",
    "GoalVersionRow",
    "HouseholdAccessRow",
    "HouseholdRow",
    "HouseholdVersionRow",
    "LinkageDecisionRow",
    "LinkageProposalRow",
    "LinkageRow",
    "MeasureRow",
    "PaymentListDecisionRow",
    "PaymentListRow",
    "PaymentRow",
    "PaymentTakenBackRow",
    "PlanRow",
    "ProgressDecisionRow",
    "ProgressRow",
    "ProposalRow",
    "SealRow",
    "SealedEntryRow",
    "SubmissionRow",
    "SupplierFigureRow",
    "SupplierReachRow",
    "UnsealedRow",
    "VoucherRow",
    "lot_sum",
    "lot_unfolded",
    "unfolded",
]

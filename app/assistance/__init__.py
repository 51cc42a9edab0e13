"""What the sale did for the county: the ledger of counted sales, the goals it is measured by, and the yearly plans.

*Owns* plans with aspects and measures, goals, the append-only ledger of counted sales, and certificates of an
organisation's counted year; closed months, submitted reports, and changes of the ledger that one officer proposes and
another decides; sums of the ledger by day and month (``VIEWS``) and of each goal by month, to which one of the worker's
jobs adds what was posted; the register of households, how they are linked with suppliers, what they were paid, what
suppliers declared, and who looked at a single household.
*Promises* one entry for each line that counts, one reversing entry for each refund of it, and the reason for each line
that does not count, however often the facts are heard; attribution frozen on the entry; a place without a hole for
every entry that is sealed, and a chain of hashes that any change of it breaks; that every entry is either in the sums
or on the list of those that are not yet, so that both together are the ledger at any moment; that a closed month never
changes, what comes late counting in the month that is open; that a submitted report is the same byte for byte whenever
it is asked; no goal of a partition group that overlaps another; that no household is allocated more than it was paid,
and that its number is read by nobody without a line in the log.
*Calls* catalogue and suppliers for the values of filters and what is certified, files for vouchers, orders, inventory
and buyers for what is told to a buyer; hears orders and wholesale. *Tells* GoalReached.
"""

from app.assistance.events import GoalReached
from app.assistance.handlers import (
    on_goods_received,
    on_goods_returned,
    on_lines_refunded,
    on_supplier_orders_completed,
)
from app.assistance.queries import (
    CSV_HEADER,
    CSV_LINE,
    ENTRY_DIGEST,
    certificate,
    closings,
    goal,
    goal_entries,
    goals,
    income_of,
    ledger,
    linkage_proposals,
    payment_list,
    payment_lists,
    register,
    seal_digest,
    sealed_through,
    submission,
    unsealed,
)
from app.assistance.queries.households import REGISTERED as REGISTERED_HOUSEHOLDS
from app.assistance.queries.ledger import VILLAGE as VILLAGE_OF_ENTRY
from app.assistance.queries.state import ENTRIES as LEDGER_ENTRIES
from app.assistance.queries.state import LedgerState, ledger_state
from app.assistance.queries.tallies import TAKES as GOAL_FILTER
from app.assistance.queries.tallies import TALLIED as GOALS_WITH_AREAS
from app.assistance.routes import router
from app.assistance.rules import Channel, Entry, Evidence, Kind
from app.assistance.rules.attribution import YIELDS, Benefit
from app.assistance.rules.benefits import Benefits, period_class
from app.assistance.rules.benefits import By as HouseholdGroup
from app.assistance.rules.benefits import Part as BenefitPart
from app.assistance.rules.benefits import Work as BenefitWork
from app.assistance.rules.contribution import (
    WORDINGS,
    ActsForNobody,
    ActsForSeveral,
    Certificate,
    Content,
    Contribution,
    NoSuchCertificate,
    NothingCounted,
    programme_of,
)
from app.assistance.rules.counting import EntryContradicted, Sale, SaleReversed, TakenBack
from app.assistance.rules.declared import NewDeclaredSale, Occasion
from app.assistance.rules.drill import Wanted
from app.assistance.rules.forecasts import Agreed, Backtest, Figures, Forecast, Standing
from app.assistance.rules.goals import (
    Change,
    Definition,
    Filter,
    Goal,
    GoalCodeTaken,
    GoalsOverlap,
    GoalStanding,
    Metric,
    MetricNotAvailable,
    UnknownFilterValue,
)
from app.assistance.rules.households import FEWEST as FEWEST_HOUSEHOLDS
from app.assistance.rules.households import (
    ChangeKind,
    Differences,
    FigureKind,
    Household,
    HouseholdFile,
    LinkKind,
    ListStatus,
    NewHousehold,
    NewLinkage,
    PaymentList,
    amount_of,
    pseudonym,
)
from app.assistance.rules.households import Payment as HouseholdPayment
from app.assistance.rules.payment_sheets import CheckedSheet
from app.assistance.rules.periods import Closing, Sums, UnknownCutOff
from app.assistance.rules.plans import Aspect, Measure, Plan, PlanExists
from app.assistance.rules.programmes import TERMS, Said, Terms, terms_of, terms_on
from app.assistance.rules.progress import MeasureStanding, PlanStanding, YearStanding
from app.assistance.rules.proposals import Verdict
from app.assistance.rules.register import HouseholdStanding, Listed, Register
from app.assistance.rules.season import SEASON, Period, year_of
from app.assistance.rules.submissions import Submission
from app.assistance.rules.summary import BUYER, GOODS, NAMED, VIEWS, View, view_for
from app.assistance.schemas import Day
from app.assistance.schemas.contribution import VerifiedOut
from app.assistance.service import (
    add_aspect,
    add_measure,
    benefits,
    certify,
    change_goal,
    change_household,
    check_payment_sheet,
    close_month,
    contribution,
    count_sales,
    create_plan,
    decide_linkage,
    decide_payments,
    decide_progress,
    decide_proposal,
    declare_figure,
    declare_sale,
    enter_payments,
    enter_progress,
    fold_ledger,
    households_named,
    link_households,
    notice_reached,
    print_certificate,
    propose_checked,
    propose_linkage,
    register_households,
    resolve_filter,
    reverse_sale,
    seal_due,
    seal_everything,
    see_household,
    set_goal,
    stand,
    stand_year,
    submit,
)

__all__ = [
    "BUYER",
    "CSV_HEADER",
    "CSV_LINE",
    "ENTRY_DIGEST",
    "FEWEST_HOUSEHOLDS",
    "GOALS_WITH_AREAS",
    "GOAL_FILTER",
    "GOODS",
    "LEDGER_ENTRIES",
    "NAMED",
    "REGISTERED_HOUSEHOLDS",
    "SEASON",
    "TERMS",
    "VIEWS",
    "VILLAGE_OF_ENTRY",
    "WORDINGS",
    "YIELDS",
    "ActsForNobody",
    "ActsForSeveral",
    "Agreed",
    "Aspect",
    "Backtest",
    "Benefit",
    "BenefitPart",
    "BenefitWork",
    "Benefits",
    "Certificate",
    "Change",
    "ChangeKind",
    "Channel",
    "CheckedSheet",
    "Closing",
    "Content",
    "Contribution",
    "Day",
    "Definition",
    "Differences",
    "Entry",
    "EntryContradicted",
    "Evidence",
    "FigureKind",
    "Figures",
    "Filter",
    "Forecast",
    "Goal",
    "GoalCodeTaken",
    "GoalReached",
    "GoalStanding",
    "GoalsOverlap",
    "Household",
    "HouseholdFile",
    "HouseholdGroup",
    "HouseholdPayment",
    "HouseholdStanding",
    "Kind",
    "LedgerState",
    "LinkKind",
    "ListStatus",
    "Listed",
    "Measure",
    "MeasureStanding",
    "Metric",
    "MetricNotAvailable",
    "NewDeclaredSale",
    "NewHousehold",
    "NewLinkage",
    "NoSuchCertificate",
    "NothingCounted",
    "Occasion",
    "PaymentList",
    "Period",
    "Plan",
    "PlanExists",
    "PlanStanding",
    "Register",
    "Said",
    "Sale",
    "SaleReversed",
    "Standing",
    "Submission",
    "Sums",
    "TakenBack",
    "Terms",
    "UnknownCutOff",
    "UnknownFilterValue",
    "Verdict",
    "VerifiedOut",
    "View",
    "Wanted",
    "YearStanding",
    "add_aspect",
    "add_measure",
    "amount_of",
    "benefits",
    "certificate",
    "certify",
    "change_goal",
    "change_household",
    "check_payment_sheet",
    "close_month",
    "closings",
    "contribution",
    "count_sales",
    "create_plan",
    "decide_linkage",
    "decide_payments",
    "decide_progress",
    "decide_proposal",
    "declare_figure",
    "declare_sale",
    "enter_payments",
    "enter_progress",
    "fold_ledger",
    "goal",
    "goal_entries",
    "goals",
    "households_named",
    "income_of",
    "ledger",
    "ledger_state",
    "link_households",
    "linkage_proposals",
    "notice_reached",
    "on_goods_received",
    "on_goods_returned",
    "on_lines_refunded",
    "on_supplier_orders_completed",
    "payment_list",
    "payment_lists",
    "period_class",
    "print_certificate",
    "programme_of",
    "propose_checked",
    "propose_linkage",
    "pseudonym",
    "register",
    "register_households",
    "resolve_filter",
    "reverse_sale",
    "router",
    "seal_digest",
    "seal_due",
    "seal_everything",
    "sealed_through",
    "see_household",
    "set_goal",
    "stand",
    "stand_year",
    "submission",
    "submit",
    "terms_of",
    "terms_on",
    "unsealed",
    "view_for",
    "year_of",
]

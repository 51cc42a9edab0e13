"""What the sale did for the county: the ledger of counted sales, the goals it is measured by, and the yearly plans.

*Owns* plans with aspects and measures, goals, and the append-only ledger of counted sales.
*Promises* one entry for each line that counts and one reversing entry for each refund of it, however often the facts
are heard; attribution frozen on the entry; no goal of a partition group that overlaps another.
*Calls* catalogue and suppliers for the values of filters; hears orders. *Tells* nobody.
"""

from app.assistance.handlers import on_lines_refunded, on_supplier_order_completed
from app.assistance.queries import goal, goal_entries, goals, ledger
from app.assistance.routes import router
from app.assistance.rules import (
    Aspect,
    Channel,
    Entry,
    EntryContradicted,
    Figures,
    Filter,
    Forecast,
    Goal,
    GoalCodeTaken,
    GoalsOverlap,
    GoalStanding,
    Kind,
    Measure,
    Metric,
    MetricNotAvailable,
    Period,
    Plan,
    PlanExists,
    Standing,
    UnknownFilterValue,
    year_of,
)
from app.assistance.schemas import Day
from app.assistance.service import (
    add_aspect,
    add_measure,
    count_sale,
    create_plan,
    resolve_filter,
    reverse_sale,
    set_goal,
    stand,
)

__all__ = [
    "Aspect",
    "Channel",
    "Day",
    "Entry",
    "EntryContradicted",
    "Figures",
    "Filter",
    "Forecast",
    "Goal",
    "GoalCodeTaken",
    "GoalStanding",
    "GoalsOverlap",
    "Kind",
    "Measure",
    "Metric",
    "MetricNotAvailable",
    "Period",
    "Plan",
    "PlanExists",
    "Standing",
    "UnknownFilterValue",
    "add_aspect",
    "add_measure",
    "count_sale",
    "create_plan",
    "goal",
    "goal_entries",
    "goals",
    "ledger",
    "on_lines_refunded",
    "on_supplier_order_completed",
    "resolve_filter",
    "reverse_sale",
    "router",
    "set_goal",
    "stand",
    "year_of",
]

"""A step that is refused is said in the caller's language, and of what could be done only their own part is named."""

from __future__ import annotations

import importlib
import re
from enum import StrEnum
from pathlib import Path

import pytest

from app import claims, orders
from app.claims.lifecycle import ClaimStepNotAllowed, allowed
from app.core.steps import StepRefused
from app.invoicing import InvoiceStepNotAllowed
from app.suppliers.lifecycle import SupplierStepNotAllowed

_MODULES = sorted(path.parent.name for path in Path("app").glob("*/lifecycle.py"))
_LIVES = [importlib.import_module(f"app.{name}.lifecycle") for name in _MODULES]
_REFUSALS = [
    kind
    for life in _LIVES
    for kind in vars(life).values()
    if isinstance(kind, type) and issubclass(kind, StepRefused) and kind is not StepRefused
]


def _tables(kind: type[StepRefused]) -> tuple[type[StrEnum], type[StrEnum]]:
    life = importlib.import_module(kind.__module__)
    named = kind.__name__.removesuffix("StepNotAllowed")
    prefix = named if hasattr(life, f"{named}Status") else ""
    return getattr(life, f"{prefix}Status"), getattr(life, f"{prefix}Step")


def test_every_module_with_such_a_refusal_is_looked_at():
    assert len(_REFUSALS) == 14


@pytest.mark.parametrize("kind", _REFUSALS)
def test_every_state_and_step_has_a_name_and_no_code_is_shown(kind):
    statuses, steps = _tables(kind)
    for status in statuses:
        refusal = kind(status, list(steps) if kind is not InvoiceStepNotAllowed else ())
        for roles in (None, {"buyer"}, {"supplier"}, {"partner"}, {"operator"}, {"officer"}):
            assert not re.search("[A-Za-z_{}—]", refusal.sentence("zh", roles))
            assert not re.search("[_{}—]", refusal.sentence("en", roles))
        assert kind.names[status] in refusal.sentence("zh")
        assert status.replace("_", " ") in refusal.sentence("en")


@pytest.mark.parametrize("kind", _REFUSALS)
def test_who_takes_a_step_is_said_of_steps_that_exist(kind):
    statuses, steps = _tables(kind)
    for step in kind.takers:
        assert step in list(steps) or (step[0] in list(statuses) and step[1] in list(steps))
    roles = {role for takers in kind.takers.values() for role in takers}
    assert roles <= {"buyer", "supplier", "partner", "operator", "officer"}


@pytest.mark.parametrize(
    ("role", "zh", "en"),
    [
        ("buyer", "您现在可以：撤销", "you may now: withdraw"),
        ("supplier", "您现在可以：同意、提出异议", "you may now: agree, contest"),
        ("operator", "目前没有需要您处理的操作", "there is nothing for you to do now"),
    ],
)
def test_each_is_told_their_own_steps(role, zh, en):
    status = claims.Status.SUPPLIER_REVIEW
    refusal = ClaimStepNotAllowed(status, allowed(status, claims.Remedy.REFUND))
    assert refusal.sentence("zh", {role}) == f"售后单当前状态为“供应商处理中”，不能执行该操作；{zh}。"
    said = refusal.sentence("en", {role})
    assert said == f"The claim's status is “supplier review”, which does not allow this; {en}."


def test_where_it_depends_on_the_state_who_takes_a_step_the_state_decides():
    steps = ["reject"]
    assert "退回" in SupplierStepNotAllowed("applied", steps).sentence("zh", {"officer"})
    assert "退回" not in SupplierStepNotAllowed("applied", steps).sentence("zh", {"operator"})
    assert "退回" in SupplierStepNotAllowed("recommended", steps).sentence("zh", {"operator"})


def test_an_order_that_is_over_leaves_nothing_to_do():
    refusal = orders.StepNotAllowed(orders.Status.COMPLETED)
    assert refusal.sentence("zh") == "订单当前状态为“已完成”，不能执行该操作；目前没有需要您处理的操作。"

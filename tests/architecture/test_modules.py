"""What the import contracts cannot say about modules: their doors, who commits, where a status changes, money."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, SecretStr

from app.core.db import Base
from app.core.events import Fact
from app.core.settings import Settings
from app.wiring import CHORES, build
from tests.architecture.source import CHECKOUT, COMPOSITION_ROOTS, MODULES, Source, sources

_EXACT = ("orders", "pricing", "payments", "inventory", "fulfilment", "settlement")
"""Modules that count money and pieces; those above also compute shares and forecasts, which are no amounts."""
_SET = r"\bUPDATE\b(?:(?!\bWHERE\b).)*\bSET\b(?:(?!\bWHERE\b).)*"
_SETS_STATUS = re.compile(_SET + r"(?:\bstatus\s*=|\([^()]*\bstatus\b[^()]*\)\s*=)", re.DOTALL)
_TAKES_STEP = re.compile(
    _SET + r"\(status\b[^()]*\)\s*=\s*ROW\(:after\b.*\bWHERE\b.*\bstatus = ANY\(CAST\(:before\b", re.DOTALL
)
"""A step of the lifecycle's table taken in one statement: where it begins and where it ends are parameters."""


def _imports(source: Source) -> Iterator[tuple[int, str, str | None]]:
    """Line, module and name of every import of our own, wherever in the file it stands."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "app":
            for alias in node.names:
                yield node.lineno, node.module, alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("app."):
                    yield node.lineno, alias.name, None


def test_modules_meet_at_the_front_door():
    wrong = []
    for source in sources():
        if source.module in COMPOSITION_ROOTS:
            continue
        for line, path, _ in _imports(source):
            parts = path.split(".")
            if len(parts) > 2 and parts[1] in MODULES and parts[1] != source.module:
                wrong.append(f"{source.where}:{line} reaches into {path}")
    assert wrong == []


def test_what_is_taken_through_a_front_door_is_promised_there():
    wrong = []
    for source in sources():
        for line, path, name in _imports(source):
            parts = path.split(".")
            if len(parts) != 2 or parts[1] not in MODULES or parts[1] == source.module or name is None:
                continue
            if name not in importlib.import_module(path).__all__:
                wrong.append(f"{source.where}:{line} takes {name}, which {path} does not promise")
    assert wrong == []


def test_what_is_used_of_a_module_is_promised_by_it():
    """``orders.place(...)`` after ``from app import orders`` meets the same door."""
    wrong = []
    for source in sources():
        met = {
            alias.asname or alias.name
            for node in ast.walk(source.tree)
            if isinstance(node, ast.ImportFrom) and node.module == "app"
            for alias in node.names
        }
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in met:
                name = node.value.id
                if name in MODULES and node.attr not in importlib.import_module(f"app.{name}").__all__:
                    wrong.append(f"{source.where}:{node.lineno} uses {name}.{node.attr}")
    assert wrong == []


@pytest.mark.parametrize("name", MODULES)
def test_a_front_door_says_what_it_keeps(name):
    module = importlib.import_module(f"app.{name}")
    assert module.__all__ == sorted(module.__all__, key=lambda entry: (not entry.isupper(), entry[0].islower(), entry))
    for word in ("*Owns", "*Promises", "*Calls", "*Tells"):
        assert word in module.__doc__, f"the door of {name} does not say what it {word[1:].lower()}"


@pytest.mark.parametrize("name", MODULES)
def test_no_row_of_the_database_passes_a_front_door(name):
    module = importlib.import_module(f"app.{name}")
    rows = [
        entry
        for entry in module.__all__
        if inspect.isclass(found := getattr(module, entry)) and issubclass(found, Base)
    ]
    assert rows == []


def test_nobody_commits_outside_core():
    wrong = [
        f"{source.where}:{node.lineno} {node.func.attr}"
        for source in sources()
        if source.module != "core"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback", "begin", "begin_nested"}
    ]
    assert wrong == []


def test_no_address_is_taken_from_what_a_request_calls_us():
    """Whoever sends ``Host: evil.test`` would have it printed: ``Settings.public_base`` names us."""
    named = [
        f"{source.where}:{node.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("base_url", "url_for") and "request" in ast.unparse(node)
    ]
    assert named == []


def test_only_the_edge_and_the_roots_read_the_clock():
    wrong = []
    for source in sources():
        if source.module in {"core", *COMPOSITION_ROOTS}:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
                if isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"}:
                    wrong.append(f"{source.where}:{node.lineno}")
            elif isinstance(node, ast.Name) and node.id == "utc_now":
                wrong.append(f"{source.where}:{node.lineno}")
    assert wrong == []


def _status_assignments(tree: ast.AST) -> Iterator[ast.Attribute]:
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Attribute) and part.attr == "status":
                    yield part


def _sets_status(statement: str) -> bool:
    return bool(_SETS_STATUS.search(statement)) and not _TAKES_STEP.search(statement)


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE x SET status = 'paid' WHERE id = :id", True),
        ("UPDATE x SET (paid_at, status) = ROW(:now, 'paid') WHERE id = :id", True),
        ("UPDATE x SET (status, paid_at) = ROW(:after, :now) WHERE id = :id", True),
        ("UPDATE x SET (status, at) = ROW(:after, :now) WHERE status = ANY(CAST(:before AS text[]))", False),
        ("UPDATE x SET paid_at = :now WHERE status = 'paid'", False),
    ],
)
def test_what_sets_a_status_in_sql_is_seen(statement, wrong):
    assert _sets_status(statement) is wrong


def test_a_status_is_assigned_in_one_place():
    """In the row's own class, once. SQL text sets none but that of a step of the table, nor does an ``update()``."""
    wrong = []
    for source in sources():
        if source.module == "core":
            continue
        if source.role != "models":
            wrong += [f"{source.where}:{found.lineno}" for found in _status_assignments(source.tree)]
        else:
            for row in (node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)):
                places = list(_status_assignments(row))
                if len(places) > 1:
                    wrong.append(f"{source.where}: {row.name} assigns its status in {len(places)} places")
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _sets_status(node.value):
                wrong.append(f"{source.where}:{node.lineno} sets a status in SQL")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values":
                statement = ast.unparse(node.func.value)
                if "update(" in statement and any(keyword.arg == "status" for keyword in node.keywords):
                    wrong.append(f"{source.where}:{node.lineno} sets a status by update()")
    assert wrong == []


def _facts(kind: type[Fact] = Fact) -> Iterator[type[Fact]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("app."):
            yield child
        yield from _facts(child)


def test_every_fact_is_wired_or_announced_under_a_name_of_its_own():
    facts = [fact for fact in _facts() if "name" in vars(fact)]
    assert len(facts) >= 15
    wired = set(build(Settings()).facts.values())
    assert {fact.__name__ for fact in facts} - {fact.__name__ for fact in wired} == set()
    assert [name for name, count in Counter(fact.name for fact in facts).items() if count > 1] == []
    for fact in facts:
        module = fact.__module__.split(".")[1]
        assert re.fullmatch(rf"{module}\.[a-z_]+", fact.name), f"{fact.__name__} is called {fact.name}"
        assert fact.__module__ == f"app.{module}.events"


def test_every_listener_is_named_after_the_module_that_listens():
    for listener in build(Settings()).listeners.values():
        reaction = listener.handler or listener.courier
        module = getattr(reaction, "func", reaction).__module__
        assert module.split(".")[1] == listener.lane, f"{listener.name} is {module}"


def test_chores_have_names_of_their_own():
    assert len({chore.name for chore in CHORES}) == len(CHORES)


def test_money_knows_no_floating_point():
    wrong = []
    for source in sources():
        for node in ast.walk(source.tree):
            name, annotation = None, None
            if isinstance(node, ast.AnnAssign):
                name, annotation = ast.unparse(node.target).rpartition(".")[2], node.annotation
            elif isinstance(node, ast.arg):
                name, annotation = node.arg, node.annotation
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                name, annotation = node.name, node.returns
            counted = name and name.endswith(("_fen", "_g", "_bp", "quantity"))
            if counted and annotation and "float" in ast.unparse(annotation):
                wrong.append(f"{source.where}:{node.lineno} {name}")
        exact = source.module in _EXACT and source.role not in {"gateways", "couriers"}  # these wait, in seconds
        if exact or source.where == "app/core/money.py":
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, float):
                    wrong.append(f"{source.where}:{node.lineno} {node.value}")
                if isinstance(node, ast.Name) and node.id == "float":
                    wrong.append(f"{source.where}:{node.lineno} float")
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and "Path" not in ast.unparse(node):
                    wrong.append(f"{source.where}:{node.lineno} {ast.unparse(node)}")
    assert wrong == []


def test_every_amount_in_the_database_is_a_whole_number():
    wrong = [
        f"{table.name}.{column.name} {column.type}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if (column.name.endswith("_fen") and str(column.type) != "BIGINT")
        or str(column.type).upper().startswith(("FLOAT", "REAL", "DOUBLE", "NUMERIC"))
    ]
    assert wrong == []


def _fields(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, object]]:
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from _fields(type(default), f"{path}{name}.")
        else:
            yield f"{path}{name}", default


def test_no_secret_has_a_default_that_works():
    telling = re.compile(r"secret|password|token|private|credential|signing", re.IGNORECASE)
    wrong = [
        name
        for name, default in _fields(Settings)
        if isinstance(default, SecretStr) or (telling.search(name) and isinstance(default, str))
    ]
    assert wrong == []
    assert Settings.model_fields["database_url"].default is None


def test_no_key_is_in_the_repository():
    private = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}")
    kept = [
        path
        for folder in ("app", "docker", "migrations", "tests")
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert [str(path) for path in kept if private.search(path.read_bytes())] == []
    compose = (CHECKOUT / "docker" / "compose.yaml").read_text()
    assert re.findall(r"^\s*\w*(?:PASSWORD|SECRET)\w*:(?! *\$)(.*)", compose, re.MULTILINE) == []
    asked = re.findall(r"\$\{\w*(?:PASSWORD|SECRET)\w*([^}]*)\}", compose)
    assert asked
    assert [how for how in asked if not (how.startswith(":?") or how == ":-")] == []


def test_validators_of_bodies_speak_both_languages():
    """A plain ``ValueError`` says in Chinese only that something does not fit, and points at the body as a whole."""
    schemas = [source for source in sources() if source.role == "schemas" or source.where == "app/core/web/schemas.py"]
    assert len(schemas) > 40
    plain = [
        f"{source.where}:{node.lineno}"
        for source in schemas
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name)
        if node.exc.func.id == "ValueError"
    ]
    assert plain == []

from __future__ import annotations

import ast
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from hypothesis import given
from hypothesis import strategies as st

import app
from app.catalogue import CATEGORIES
from app.identity import Role, Scope
from app.orders import Status
from app.pages.rules import Amount, counted, day, money, month_day, safe_path, words

PAGES = Path(app.__path__[0]) / "pages"
_CALLED = re.compile(r"""\bt(?:\.has)?\(\s*(["'])(?P<key>[^"']+)\1(?P<more>\s*~)?""")


def _keys() -> tuple[set[str], set[str]]:
    """Keys that templates and routes name, and beginnings of keys that they put together."""
    whole, begun = set(), set()
    for source in [*PAGES.glob("templates/*"), *PAGES.glob("routes/*.py")]:
        for found in _CALLED.finditer(source.read_text(encoding="utf-8")):
            (begun if found["more"] else whole).add(found["key"])
    return whole, begun


def test_both_languages_say_the_same_things():
    zh, en = words("zh"), words("en")
    assert zh.keys() == en.keys()
    for key, text in zh.items():
        assert set(re.findall(r"{(\w+)", text)) == set(re.findall(r"{(\w+)", en[key])), key
        assert text.strip(), key
        assert en[key].strip(), key


def test_a_number_agrees_with_its_noun():
    said = words("en")["orders.pieces"]
    assert said.format_map({"count": counted(1)}) == "1 piece"
    assert said.format_map({"count": counted(12)}) == "12 pieces"
    assert words("zh")["orders.pieces"].format_map({"count": counted(1)}) == "共 1 件"
    assert counted("x") == "x"


def test_every_text_is_used_and_every_text_that_is_used_exists():
    whole, begun = _keys()
    known = words("zh").keys()
    assert whole - known == set()
    assert [key for key in known if key not in whole and not key.startswith(tuple(begun))] == []
    assert [start for start in begun if not any(key.startswith(start) for key in known)] == []


def test_what_the_modules_may_say_has_words():
    known = words("zh").keys()
    slugs = [category.slug for root in CATEGORIES for category in (root, *root.children)]
    assert {f"category.{slug}" for slug in slugs} <= known
    assert {f"kind.{root.slug}" for root in CATEGORIES} <= known
    assert {f"role.{role}" for role in Role} <= known
    areas = [scope.partition(":") for scope in Scope]
    assert {f"scope.{area}" for area, _, _ in areas} | {f"scope_may.{what}" for _, _, what in areas} <= known
    for status in Status:
        assert {f"status.{status}", f"status_note.{status}"} <= known


def test_no_template_sets_a_style_or_a_handler_of_its_own():
    """The policy in the headers would ignore them."""
    for template in PAGES.glob("templates/*"):
        source = template.read_text(encoding="utf-8")
        assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", source) == [], template.name
        for picture in re.findall(r"<img[^>]+>", source):
            assert re.search(r'\swidth="', picture), f"{template.name}: {picture} would move the page"
            assert re.search(r'\salt="', picture), f"{template.name}: {picture}"


def test_every_form_that_is_posted_carries_its_proof():
    for template in PAGES.glob("templates/*.html"):
        for form in re.findall(r'<form[^>]+method="post".*?</form>', template.read_text(encoding="utf-8"), re.DOTALL):
            assert "proof()" in form, f"{template.name}: {form[:80]}"


@given(st.text(alphabet=st.sampled_from("/\\:@.?#ax\t\n%é "), max_size=12) | st.text(max_size=20))
def test_a_form_leads_nowhere_else(path: str):
    led = safe_path(path)
    assert urlsplit(urljoin("http://market.test/sign-in", led)).netloc == "market.test"
    assert led in ("/", path)


def test_pages_of_ours_are_kept():
    assert safe_path("/orders/0193?a=b&c=%E4%BF%9D") == "/orders/0193?a=b&c=%E4%BF%9D"
    assert safe_path("/v1/auth/token") == "/"
    assert safe_path(None, "/cart") == "/cart"


def test_money_and_days_are_written_for_people():
    assert Amount.of(1_234_505) == Amount("12,345", "05")
    assert money(-990) == "−¥9.90"
    assert money(3_990) == "¥39.90"
    assert day("2026-11-20", "zh") == "2026年11月20日"
    assert day("2026-04-05", "en") == "5 Apr 2026"
    assert month_day("11-20", "zh") == "11月20日"
    assert month_day("01-31", "en") == "31 Jan"


def test_pages_know_no_other_module_from_the_inside():
    for source in PAGES.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert not re.match(r"app\.(?!core|pages)\w+\.", node.module), f"{source.name}: {node.module}"

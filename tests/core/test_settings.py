from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.core.settings import Settings


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "0.0.0.0", "port": 9000}, "http://localhost:9000"),
        ({"host": "::1"}, "http://[::1]:8000"),
        ({"public_url": "https://market.example/"}, "https://market.example"),
        ({"public_url": "http://market.example:8080"}, "http://market.example:8080"),
    ],
)
def test_what_is_printed_names_the_address_that_people_know(given, address):
    assert Settings(**given).public_base == address


@pytest.mark.parametrize("url", ["market.example", "https://u@market.example", "https://market.example/x", "ftp://a"])
def test_a_public_address_is_an_origin(url):
    with pytest.raises(ValidationError):
        Settings(public_url=url)


@pytest.mark.parametrize("name", ["LIMIT__CALLER_PER_SECOND", "ORDER__PAY_WITHIN_MINUTES", "payment__sandbox"])
def test_a_misspelt_group_is_refused(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    with pytest.raises(ValidationError, match="did you mean"):
        Settings()


def test_names_of_other_programs_are_none_of_ours(monkeypatch):
    for name in ("NPM_CONFIG__X", "__CF_USER_TEXT_ENCODING", "LIMITS__CALLER_BURST"):
        monkeypatch.setenv(name, "7")
    assert Settings().limits.caller_burst == 7

"""Logs: JSON lines that say where something went wrong and not about whom."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from app.core import logs


@pytest.fixture
def _logging():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("_logging")
@pytest.mark.parametrize("library", [False, True])
def test_an_exception_is_told_by_type_and_place(capsys, library: bool):
    logs.configure("info")
    log = logging.getLogger("somebody.else") if library else structlog.get_logger("ours")
    try:
        try:
            raise KeyError("王女士 13800001234")
        except KeyError as cause:
            raise ValueError("Failing row contains (花园路88号)") from cause
    except ValueError:
        log.exception("defect")
    written = capsys.readouterr().err
    line = json.loads(written)
    assert line["event"] == "defect"
    assert "builtins.ValueError" in line["exception"]
    assert "builtins.KeyError" in line["exception"]
    assert "test_logs.py" in line["exception"]
    assert not any(secret in written for secret in ("王女士", "13800001234", "花园路"))


@pytest.mark.usefixtures("_logging")
@pytest.mark.parametrize(("error", "whole"), [("app.core.trouble.Trouble: it is away", False), ("KeyError: 'x'", True)])
def test_trouble_at_the_start_is_one_line_and_a_defect_keeps_its_place(capsys, error: str, whole: bool):
    logs.configure("info")
    text = f'Traceback (most recent call last):\n  File "main.py", line 1, in lifespan\n{error}\n'
    logging.getLogger("uvicorn.error").error(text)
    assert json.loads(capsys.readouterr().err)["event"] == (text if whole else error)

"""``baojing account``: the only way to a first operator."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL

from app import cli
from app.core import sealing
from app.core.settings import Settings
from tests.conftest import clone, connect
from tests.shop import Shop

Told = tuple[int, str, str]
Run = Callable[..., Told]
GOOD = "golden-tea-2026"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def installed(server_url: URL, shop_template: tuple[str, Shop], tmp_path_factory: pytest.TempPathFactory):
    """A database in use, and the directory of its keys."""
    with clone(server_url, "staffing", shop_template[0]) as url:
        yield url, tmp_path_factory.mktemp("staffing")


@pytest.fixture
def account(
    installed: tuple[URL, Path],
    keys: sealing.Keys,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Run the command with something piped in; gives its exit status and what it said."""
    url, data_dir = installed

    def run(*arguments: str, piped: str = GOOD + "\n", stdin: io.StringIO | None = None) -> Told:
        monkeypatch.setenv("DATA_DIR", str(data_dir))
        monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        monkeypatch.setattr("sys.argv", ["baojing", "account", *arguments])
        monkeypatch.setattr("sys.stdin", stdin or io.StringIO(piped))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    yield run
    sealing.install(keys)


def signed_in(installed: tuple[URL, Path], settings: Settings, login: str, password: str) -> dict[str, object] | None:
    """Who the service says is there after signing in; None when it refuses."""
    from app.main import create_app

    async def ask() -> dict[str, object] | None:
        database = connect(installed[0], settings)
        transport = httpx.ASGITransport(app=create_app(settings, database=database))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://market.test") as client:
                form = {"grant_type": "password", "username": login, "password": password}
                answer = await client.post("/v1/auth/token", data=form)
                if answer.status_code != 200:
                    return None
                bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
                return (await client.get("/v1/auth/me", headers=bearer)).json()
        finally:
            await database.dispose()

    return asyncio.run(ask())


def test_the_first_operator_signs_in(account: Run, installed: tuple[URL, Path], settings: Settings) -> None:
    status, out, err = account("--role", "operator", "--login", "chief", "--name", "田野", "--phone", "13907430001")
    assert (status, err) == (0, "")
    assert "account made: chief (operator)" in out
    assert GOOD not in out
    me = signed_in(installed, settings, "chief", GOOD)
    assert me is not None
    assert (me["name"], me["roles"], me["supplier_id"]) == ("田野", ["operator"], None)

    for arguments, said in [
        (("--login", "chief"), "this user name exists"),
        (("--login", "deputy", "--phone", "13907430001"), "this phone number exists"),
    ]:
        status, _, err = account("--role", "officer", *arguments)
        assert status == 1
        assert said in err
        assert len(err.strip().splitlines()) == 1
    assert signed_in(installed, settings, "deputy", GOOD) is None


def test_a_suppliers_person_works_for_it_alone(account: Run, installed: tuple[URL, Path], settings: Settings) -> None:
    status, out, _ = account("--role", "supplier", "--supplier", "S01", "--login", "farm", "--generate", piped="")
    assert status == 0
    password = out.rsplit(" ", 1)[1].strip()
    me = signed_in(installed, settings, "farm", password)
    assert me is not None
    assert me["roles"] == ["supplier"]
    assert me["supplier_id"] is not None
    status, out, _ = account("--role", "partner", "--partner", "P01", "--login", "store")
    assert status == 0


def test_two_typed_passwords_must_agree(account: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([GOOD, "golden-tea-2027"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    status, _, err = account("--role", "officer", "--login", "nobody", stdin=_Terminal())
    assert status == 1
    assert "differ" in err


@pytest.mark.parametrize(
    ("arguments", "piped", "said"),
    [
        (("--role", "officer", "--login", "nobody"), "", "8 to 128"),
        (("--role", "officer", "--login", "nobody"), "short12\n", "8 to 128"),
        (("--role", "officer", "--login", "nobody"), "x" * 129, "8 to 128"),
        (("--role", "officer", "--login", "nobody-1"), "Nobody-1\n", "neither the login"),
        (("--role", "officer", "--login", "nobody"), "12345678\n", "a common one"),
        (("--role", "buyer", "--login", "nobody"), GOOD, "No such role"),
        (("--role", "officer", "--login", "13907430002"), GOOD, "Not a login"),
        (("--role", "officer", "--login", "nobody", "--phone", "12345"), GOOD, "mobile number"),
        (("--role", "officer", "--login", "nobody", "--name", " "), GOOD, "A name has"),
        (("--role", "officer", "--login", "nobody", "--supplier", "S01"), GOOD, "role of that name"),
        (("--role", "supplier", "--login", "nobody", "--partner", "P01"), GOOD, "role of that name"),
        (("--role", "supplier", "--login", "nobody"), GOOD, "--supplier CODE"),
        (("--role", "supplier", "--login", "nobody", "--supplier", "S99"), GOOD, "No supplier S99"),
        (("--role", "partner", "--login", "nobody", "--partner", "P99"), GOOD, "No partner P99"),
    ],
)
def test_what_is_wrong_is_one_line_and_makes_nothing(
    account: Run, arguments: tuple[str, ...], piped: str, said: str
) -> None:
    status, out, err = account(*arguments, piped=piped)
    assert (status, out) == (1, "")
    [line] = err.strip().splitlines()
    assert said in line
    assert line.startswith("baojing: ")

"""An installation's database and its keys."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from app.core.installation import recognise
from app.core.trouble import Trouble
from tests.conftest import connect


async def test_a_database_that_goes_away_is_said_in_one_line(settings, keys):
    db = connect(make_url("postgresql+psycopg://nobody@127.0.0.1:1/gone"), settings)
    with pytest.raises(Trouble, match="not available"):
        await recognise(db, keys)
    await db.dispose()

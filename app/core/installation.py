"""An installation is a database and a key file that belong together; this is where they recognise each other."""

from __future__ import annotations

from sqlalchemy import text

from app.core.db import Database
from app.core.errors import Unavailable
from app.core.sealing import Keys
from app.core.trouble import Trouble

_REMEMBER = text("INSERT INTO core_installation (name, value) VALUES ('keys', :value) ON CONFLICT DO NOTHING")
_REMEMBERED = text("SELECT value FROM core_installation WHERE name = 'keys'")


async def recognise(db: Database, keys: Keys) -> None:
    """Remember the keys that seal this database; refuse others, which could not open what is sealed in it.

    Raises ``Trouble``, also when the database went away just now.
    """
    try:
        async with db.write() as session:
            await session.execute(_REMEMBER, {"value": keys.fingerprint})
            remembered = (await session.execute(_REMEMBERED)).scalar_one()
    except Unavailable:
        raise Trouble(
            "数据库暂时不可用，请稍后重试。", "The database is not available at the moment; try again."
        ) from None
    if remembered != keys.fingerprint:
        raise Trouble(
            "密钥文件与数据库不匹配：请使用建立该数据库时的 keys.json（或设置 KEYS_FILE）。",
            "The key file is not the one this database was sealed with; restore that keys.json (or set KEYS_FILE).",
        )

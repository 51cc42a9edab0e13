"""What every module stands on: settings, database, facts, errors, money, ids and the web edge. No business words.

There is no single front door here: each room is imported by its own name (``app.core.money``, ``app.core.db``, …),
so that a pure file can use money without meeting the database.
"""

"""The integrity auditor behind ``baojing check``: rules that must hold across modules, each one read-only statement.

*Owns* nothing. *Promises* that every break is named with its ids, and that what is still on its way (a fact that waits
for its listener) is not called a break before ten minutes have passed. *Calls* nobody; reads other modules' tables by
plain SQL. *Tells* nobody.
"""

from app.audit.queries import RULES, check
from app.audit.rules import Break, Rule

__all__ = ["RULES", "Break", "Rule", "check"]

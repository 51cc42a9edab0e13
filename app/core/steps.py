"""The refusal of a step that a lifecycle does not allow, in the words of whoever asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar

from app.core.errors import DomainError


class StepRefused(DomainError):
    """The object is past (or not yet at) the point where this can be done.

    Subclasses fix ``zh`` and ``en`` with ``{status}`` and, where a caller could do something else, ``{allowed}``;
    ``names``, the Chinese name of every state and step (English ones are those of the contract, spelt with spaces);
    and ``takers``: who takes a step, by step, or by state and step where that differs. A step that it leaves out is
    taken by nobody who calls: by the clock, a carrier, a bank.
    """

    code: ClassVar[str] = "step_not_allowed"
    names: ClassVar[Mapping[str, str]] = {}
    takers: ClassVar[Mapping[str | tuple[str, str], Collection[str]]] = {}

    def __init__(self, status: str, steps: Iterable[str] = ()) -> None:
        self.at = status
        self.steps = tuple(steps)
        super().__init__(status=_english(status), allowed=self._allowed("en", None))

    def sentence(self, language: str, roles: Collection[str] | None = None) -> str:
        """What to tell somebody of these ``roles``: only their own steps are named. None: everybody's are."""
        if language == "en":
            return self.en.format(status=_english(self.at), allowed=self._allowed("en", roles))
        return self.zh.format(status=self.names[self.at], allowed=self._allowed("zh", roles))

    def _allowed(self, language: str, roles: Collection[str] | None) -> str:
        steps = [step for step in self.steps if self._takes(step, roles)]
        if language == "en":
            named = ", ".join(dict.fromkeys(_english(step) for step in steps))
            return f"you may now: {named}" if named else "there is nothing for you to do now"
        named = "、".join(dict.fromkeys(self.names[step] for step in steps))
        return f"您现在可以：{named}" if named else "目前没有需要您处理的操作"

    def _takes(self, step: str, roles: Collection[str] | None) -> bool:
        takers = self.takers.get((self.at, step), self.takers.get(step, ()))
        return bool(takers) if roles is None else not set(takers).isdisjoint(roles)


def _english(name: str) -> str:
    return name.replace("_", " ")

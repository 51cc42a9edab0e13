"""A slip of the finger or of the ear: what was typed finds nothing, and what was meant is one character away.

First ``nearby`` makes a ``tsquery`` for whatever is called almost so; then ``mend`` reads the names that were found and
says what should have been typed. A Chinese character may be another one with the same sound (黄金查) or, in a run of
three or more, any other (黄金荼); a word in pinyin may have one letter wrong, missing, too many, or two in the wrong
order (huangjincah).
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from app.storefront.rules.words import HAN, SYLLABLES, normal, pinyin_of, split_pinyin

_RUN = re.compile(rf"{HAN.pattern}+|[a-z]+|(?:(?!{HAN.pattern})[^a-z\s])+")
_STRETCH = re.compile(f"{HAN.pattern}+")
_LONGEST_TYPED = 40
_SHORTEST_GAPPED, _LONGEST_RUN = 3, 12
_SHORTEST_PINYIN, _LONGEST_PINYIN = 4, 24
_LONGEST_SYLLABLE = max(map(len, SYLLABLES))
_MOST_CHOICES = 64
_SAME_SOUND, _ONE_AWAY = 1, 2


def nearby(typed: str) -> str | None:
    """A ``tsquery`` for products with a name like one of the words that were typed; None if nothing can be guessed."""
    if len(typed) > _LONGEST_TYPED:
        return None
    choices = [choice for run in _RUN.findall(normal(typed)) for choice in _choices(run)]
    return " | ".join(f"({choice})" for choice in choices[:_MOST_CHOICES]) or None


def mend(typed: str, names: Iterable[str]) -> str | None:
    """What was meant by ``typed``, of which all is said somewhere in ``names``; None if that cannot be told.

    Among equally near words the one that most names have wins, and of these the one that comes first.
    """
    known = [normal(name) for name in names]
    words, changed = [], False
    for chunk in normal(typed).split():
        word = ""
        for run in _RUN.findall(chunk):
            meant = _meant(run, known)
            if meant is None:
                return None
            changed |= meant != run
            word += meant
        words.append(word)
    return " ".join(words) if changed else None


def _is_han(run: str) -> bool:
    return HAN.match(run) is not None


def _choices(run: str) -> Iterator[str]:
    if _is_han(run):
        if not 1 < len(run) <= _LONGEST_RUN:
            return
        if all(syllables := pinyin_of(run)):
            yield " <-> ".join(f"'p:{syllable}'" for syllable in syllables)
        if len(run) >= _SHORTEST_GAPPED:
            for gap in range(len(run)):
                kept = [(place, character) for place, character in enumerate(run) if place != gap]
                text = f"'{kept[0][1]}'"
                for (before, _), (place, character) in pairwise(kept):
                    text += f" <{place - before}> '{character}'"
                yield text
    elif run.isalpha() and _SHORTEST_PINYIN <= len(run) <= _LONGEST_PINYIN:
        yield from (" <-> ".join(f"'p:{syllable}'" for syllable in reading) for reading in _readings(run))


@lru_cache(256)
def _readings(word: str) -> tuple[tuple[str, ...], ...]:
    """Pinyin that becomes ``word`` when one letter of one of its syllables is wrong."""
    found: dict[tuple[str, ...], None] = {}
    for start in range(len(word)):
        before = _whole(word[:start])
        if before is None:
            continue
        for end in range(start + 1, min(start + _LONGEST_SYLLABLE + 1, len(word)) + 1):
            after = _whole(word[end:])
            if after is not None:
                for syllable in sorted(_one_away(word[start:end]) & SYLLABLES):
                    found[*before, syllable, *after] = None
    return tuple(sorted(found, key=len))


def _whole(text: str) -> tuple[str, ...] | None:
    """The likeliest way to read ``text`` as finished syllables."""
    if not text:
        return ()
    return next((way for way in split_pinyin(text) if way[-1] in SYLLABLES), None)


def _one_away(text: str) -> set[str]:
    """``text`` with one letter replaced, left out, put in, or exchanged with its neighbour."""
    cuts = [(text[:at], text[at:]) for at in range(len(text) + 1)]
    replaced = {a + letter + b[1:] for a, b in cuts if b for letter in string.ascii_lowercase}
    inserted = {a + letter + b for a, b in cuts for letter in string.ascii_lowercase}
    exchanged = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    return (replaced | inserted | exchanged | {a + b[1:] for a, b in cuts if b}) - {text}


def _meant(run: str, known: list[str]) -> str | None:
    """The word of ``known`` that is nearest to the run: itself, one that sounds alike, or one that is one away."""
    if any(run in name for name in known):
        return run
    near: Counter[tuple[int, str]] = Counter()
    for name in known:
        near.update(set(_alike(run, name)))
    if not near:
        # Initials and figures are no words that could be misspelt: what they mean is left to the search.
        return run if not _is_han(run) and len(run) < _SHORTEST_PINYIN else None
    closest = min(distance for distance, _ in near)
    return max((word for word in near if word[0] == closest), key=near.__getitem__)[1]


def _alike(run: str, name: str) -> Iterator[tuple[int, str]]:
    """Words of ``name`` like the run, each with its distance."""
    if _is_han(run):
        return _written_alike(run, name)
    return _spelt_alike(run, name) if run.isalpha() else iter(())


def _written_alike(run: str, name: str) -> Iterator[tuple[int, str]]:
    sound = pinyin_of(run)
    for stretch in _STRETCH.findall(name):
        for start in range(len(stretch) - len(run) + 1):
            part = stretch[start : start + len(run)]
            if all(sound) and pinyin_of(part) == sound:
                yield _SAME_SOUND, part
            elif len(run) >= _SHORTEST_GAPPED and sum(a != b for a, b in zip(run, part, strict=True)) == 1:
                yield _ONE_AWAY, part


def _spelt_alike(run: str, name: str) -> Iterator[tuple[int, str]]:
    wanted = {"".join(reading) for reading in _readings(run)}
    for stretch in _STRETCH.findall(name):
        syllables = pinyin_of(stretch)
        for start in range(len(stretch)):
            spelt = ""
            for end in range(start, len(stretch)):
                spelt += syllables[end]
                if spelt in wanted:
                    yield _ONE_AWAY, stretch[start : end + 1]
                if len(spelt) > len(run):
                    break

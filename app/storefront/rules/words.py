"""Words: what a product is found by, and what a person means who types into the search box.

Chinese has no spaces and no dictionary knows this county's goods, so nothing is segmented. Every character and every
pair of neighbouring characters is a word of the index, with its place; what is typed is looked for as a run of such
pairs, which is an exact substring. Beside each character stand its pinyin syllable (``p:huang``) and the syllable's
initial (``i:h``) in the same place, so ``huangjincha``, a half-typed ``huangjinch`` and ``hjc`` are runs as well.
SKUs and bar codes are words of their own (``c:gt04``). All of it is one ``tsvector``.

The text given to PostgreSQL is made here, never by ``to_tsvector``: the same program reads what it has written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, zip_longest

from pypinyin import lazy_pinyin

from app.storefront.rules.variants import also, simplified

WORDS_VERSION = 2
"""Grows when the words of a product change; rows of another version are written again by ``rebuild``."""

_CJK = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3007"
_TOKEN = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])[^\W_])+(?:\.[0-9]+[a-z]*)?")
HAN = re.compile(rf"[{_CJK}]")
_LETTERS = re.compile(r"[a-z]+")
_MIXED = re.compile(r"[a-z]+|[0-9]+")
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{1,31}")

_FIELD = 120
_MOST_FIELDS = 100
_LONGEST_RUN_OF_INITIALS = 12
_LONGEST_PINYIN = 60
_MOST_CHUNKS = 8
_LONGEST_CUT = 8
_MOST_READINGS = 6

SYLLABLES = frozenset(
    """
    a ai an ang ao ba bai ban bang bao bei ben beng bi bian biang biao bie bin bing bo bong bu ca cai can cang cao ce
    cei cen ceng cha chai chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui chun chuo ci
    cong cou cu cuan cui cun cuo da dai dan dang dao de dei den deng di dia dian diao die din ding diu dong dou du duan
    dui dun duo e ei en eng er fa fan fang fei fen feng fiao fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu
    gua guai guan guang gui gun guo ha hai han hang hao he hei hen heng hong hou hu hua huai huan huang hui hun huo ji
    jia jian jiang jiao jie jin jing jiong jiu ju juan jue jun ka kai kan kang kao ke kei ken keng kong kou ku kua kuai
    kuan kuang kui kun kuo la lai lan lang lao le lei len leng li lia lian liang liao lie lin ling liu lo long lou lu
    luan lun luo lv lve ma mai man mang mao me mei men meng mi mian miao mie min ming miu mo mou mu na nai nan nang nao
    ne nei nen neng ni nia nian niang niao nie nin ning niu nong nou nu nuan nun nuo nv nve o ou pa pai pan pang pao pei
    pen peng pi pian piao pie pin ping po pou pu qi qia qian qiang qiao qie qin qing qiong qiu qu quan que qun ran rang
    rao re ren reng ri rong rou ru rua ruan rui run ruo sa sai san sang sao se sen seng sha shai shan shang shao she
    shei shen sheng shi shou shu shua shuai shuan shuang shui shun shuo si song sou su suan sui sun suo ta tai tan tang
    tao te tei teng ti tian tiao tie ting tong tou tu tuan tui tun tuo wa wai wan wang wei wen weng wo wong wu xi xia
    xian xiang xiao xie xin xing xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yo yong you yu yuan yue yun za
    zai zan zang zao ze zei zen zeng zha zhai zhan zhang zhao zhe zhei zhen zheng zhi zhong zhou zhu zhua zhuai zhuan
    zhuang zhui zhun zhuo zi zong zou zu zuan zui zun zuo
    """.split()  # noqa: SIM905 - four hundred quotation marks make no list easier to read
)
"""Every syllable of modern Chinese without its tone, ü written v, interjections left out."""

_BEGINNINGS = frozenset(syllable[:end] for syllable in SYLLABLES for end in range(1, len(syllable)))
_BEGIN_NOTHING = frozenset("iuv")
_LONGEST_SYLLABLE = max(map(len, SYLLABLES))


@dataclass(frozen=True, slots=True)
class Query:
    """What was ``typed``, as two PostgreSQL ``tsquery`` texts.

    ``named`` is for the words of a product's name and codes, ``anywhere`` for all its words. What the one finds in the
    name the other finds too.
    """

    typed: str
    named: str
    anywhere: str


def normal(text: str) -> str:
    """Full-width, compatibility and traditional characters made plain, capitals made small."""
    return simplified(unicodedata.normalize("NFKC", text).lower().replace("ü", "v"))


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a product as ``tsvector`` texts: those of its name and codes, and all of them."""

    named: str
    anywhere: str


def words_of(*, codes: Sequence[str], names: Iterable[str], spoken: Iterable[str], written: Iterable[str]) -> Words:
    """The words of a product.

    Its ``codes``; the ``names`` it goes by; what else people say of it, like origin and maker (``spoken``); and
    particulars that are looked for in writing only, not by pinyin (``written``).
    """
    words = [f"'c:{code}':1" for code in dict.fromkeys(map(normal, codes)) if _CODE.fullmatch(code)]
    fields = [(text, True) for text in names]
    named = len(words) + len(fields)
    fields += [(text, True) for text in spoken]
    fields += [(text, False) for text in written]
    words += [_field(text, min(at, _MOST_FIELDS) * _FIELD, pinyin) for at, (text, pinyin) in enumerate(fields)]
    return Words(" ".join(words[:named]), " ".join(words))


@lru_cache(8192)
def _field(text: str, start: int, pinyin: bool) -> str:
    """The words of a text whose first word has the place after ``start``. Most texts are those of many products."""
    words: list[str] = []
    tokens = _TOKEN.findall(normal(text))[: _FIELD - 1]
    for place, (token, following) in enumerate(zip_longest(tokens, tokens[1:], fillvalue=""), start + 1):
        words.append(f"'{token}':{place}")
        if _is_han(token) and _is_han(following):
            words.append(f"'{token}{following}':{place}")
    for first, run in _han_runs(tokens) if pinyin else ():
        for place, syllable in enumerate(pinyin_of(run), start + 1 + first):
            if syllable:
                words.append(f"'p:{syllable}':{place} 'i:{syllable[0]}':{place}")
    return " ".join(words)


def _is_han(token: str) -> bool:
    return HAN.fullmatch(token) is not None


def _han_runs(tokens: Sequence[str]) -> Iterable[tuple[int, str]]:
    start = 0
    run = ""
    for at, token in enumerate((*tokens, "")):
        if token and _is_han(token):
            start = start if run else at
            run += token
        elif run:
            yield start, run
            run = ""


def _unread(_unknown: str) -> str:
    return ""


@lru_cache(4096)
def pinyin_of(run: str) -> tuple[str, ...]:
    """One syllable for each character, read in its context; empty where the character has no known reading."""
    readings = lazy_pinyin(run, errors=_unread)
    if len(readings) != len(run):
        readings = ["".join(lazy_pinyin(character, errors=_unread)) for character in run]
    return tuple(reading if _LETTERS.fullmatch(reading) else "" for reading in readings)


def parse(text: str) -> Query | None:
    """What to look for when ``text`` is typed; None if it holds no letter, digit or character."""
    chunks = [chunk for chunk in normal(text).split() if _TOKEN.search(chunk)][:_MOST_CHUNKS]
    if not chunks:
        return None
    return Query(
        typed=" ".join(chunks),
        named=" & ".join(_called(chunk, guess=False) for chunk in chunks),
        anywhere=" & ".join(_called(chunk, guess=True) for chunk in chunks),
    )


def _called(chunk: str, *, guess: bool) -> str:
    """A word as typed, or by one of its other names."""
    choices = [_chunk(name, guess=guess) for name in (chunk, *also(chunk, nearly=guess))]
    return choices[0] if len(choices) == 1 else f"({' | '.join(choices)})"


def _chunk(chunk: str, *, guess: bool) -> str:
    """A word as typed, between spaces: a code, or all of its stretches of characters and of Latin letters."""
    clauses = [
        _latin(stretch, guess=guess) if _LETTERS.fullmatch(stretch) else _run(_TOKEN.findall(stretch))
        for stretch in _stretches(chunk)
    ]
    found = " & ".join(clauses)
    if _CODE.fullmatch(chunk):
        found = f"({found}) | {_lexeme(f'c:{chunk}', begins=True)}"
    return f"({found})"


def _stretches(chunk: str) -> list[str]:
    stretches: list[str] = []
    join = False
    for token in _TOKEN.findall(chunk):
        letters = _LETTERS.fullmatch(token) is not None
        if join and not letters:
            stretches[-1] += " " + token
        else:
            stretches.append(token)
        join = not letters
    return stretches


def _lexeme(word: str, *, begins: bool = False) -> str:
    return f"'{word}':*" if begins else f"'{word}'"


def _run(tokens: Sequence[str]) -> str:
    """Tokens that were typed without a space: one word, or two that belong to different places of the name.

    Chinese is typed without spaces: 脐橙礼盒 are oranges in a gift box, 茶油5L is oil by the five litres.
    """
    cuts = [at for at in range(1, len(tokens)) if _is_han(tokens[at - 1]) and not _is_han(tokens[at])]
    if cuts:
        ways = [[0, *cuts, len(tokens)]]
    elif all(map(_is_han, tokens)) and len(tokens) <= _LONGEST_CUT:
        ways = [[0, at, len(tokens)] for at in range(2, len(tokens) - 1)]
    else:
        ways = []
    choices = [_phrase(tokens)]
    choices += [" & ".join(_phrase(tokens[start:end]) for start, end in pairwise(way)) for way in ways]
    return f"({' | '.join(choices)})" if ways else choices[0]


def _phrase(tokens: Sequence[str]) -> str:
    """Neighbouring tokens in their order: pairs of characters where there are pairs, single ones elsewhere."""
    steps: list[tuple[int, str]] = []
    at = 0
    while at < len(tokens):
        here, following = tokens[at], tokens[at + 1 : at + 2]
        if _is_han(here) and following and _is_han(following[0]):
            steps.append((at, _lexeme(here + following[0])))
            # The last character of a run is covered by the pair that ends with it.
            if not (at + 2 < len(tokens) and _is_han(tokens[at + 2])):
                at += 1
        else:
            steps.append((at, _lexeme(here, begins=not _is_han(here) and at + 1 == len(tokens))))
        at += 1
    text = steps[0][1]
    for (before, _), (place, lexeme) in pairwise(steps):
        text += f" <{place - before}> {lexeme}"
    if len(tokens) == 1 and _MIXED.fullmatch(tokens[0]) is None and (spoken := _spoken(tokens[0])):
        text = f"{text} | {spoken}"
    return f"({text})"


def _spoken(token: str) -> str | None:
    """Pinyin with figures in it, as in ``huangjincha168``; None if it is something else."""
    parts = _MIXED.findall(token)
    if "".join(parts) != token:
        return None
    steps: list[str] = []
    for number, part in enumerate(parts, 1):
        if part.isdigit():
            steps.append(_lexeme(part, begins=number == len(parts)))
            continue
        readings = split_pinyin(part)
        if not readings:
            return None
        steps += [_lexeme(f"p:{syllable}") for syllable in readings[0][:-1]]
        steps.append(_lexeme(f"p:{readings[0][-1]}", begins=number == len(parts)))
    return " <-> ".join(steps)


def _latin(word: str, *, guess: bool) -> str:
    """Latin letters: the beginning of a Latin word, pinyin with an unfinished last syllable, or initials."""
    choices = [_lexeme(word, begins=True)]
    for syllables in split_pinyin(word):
        # In a name a finished syllable is taken at its word: cha is not chang. Elsewhere it may be unfinished.
        begins = guess or syllables[-1] not in SYLLABLES
        last = _lexeme(f"p:{syllables[-1]}", begins=begins)
        choices.append(" <-> ".join([*(_lexeme(f"p:{one}") for one in syllables[:-1]), last]))
    if len(word) <= _LONGEST_RUN_OF_INITIALS and _BEGIN_NOTHING.isdisjoint(word):
        choices.append(" <-> ".join(_lexeme(f"i:{letter}") for letter in word))
    return "(" + " | ".join(f"({choice})" for choice in choices) + ")"


@lru_cache(1024)
def split_pinyin(word: str) -> tuple[tuple[str, ...], ...]:
    """The likeliest ways to read ``word`` as syllables, fewest first; the last may be unfinished if need be.

    >>> split_pinyin("qich")
    (('qi', 'ch'),)
    >>> split_pinyin("xian")
    (('xian',), ('xi', 'an'))
    """
    if len(word) > _LONGEST_PINYIN:
        return ()
    ways: list[list[tuple[str, ...]]] = [[] for _ in range(len(word))] + [[()]]
    for start in range(len(word) - 1, -1, -1):
        found: list[tuple[str, ...]] = []
        for end in range(start + 1, min(start + _LONGEST_SYLLABLE, len(word)) + 1):
            piece = word[start:end]
            if piece in SYLLABLES or (end == len(word) and piece in _BEGINNINGS):
                found += [(piece, *rest) for rest in ways[end]]
        found.sort(key=lambda parts: (parts[-1] not in SYLLABLES, len(parts)))
        ways[start] = found[: _MOST_READINGS if start == 0 else 2 * _MOST_READINGS]
    finished = [way for way in ways[0] if way[-1] in SYLLABLES]
    return tuple(finished or ways[0])

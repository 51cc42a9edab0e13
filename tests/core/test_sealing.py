"""What is sealed opens with the right key and purpose only; the key file is one, private, and never half written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.sealing import Keys, KeyTrouble

KEYS = Keys.generate()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from(["phone", "name"]))
def test_what_is_sealed_opens_again(plain: str, purpose: str):
    sealed = KEYS.seal(plain, purpose)
    assert KEYS.unseal(sealed, purpose) == plain
    assert sealed != KEYS.seal(plain, purpose), "a seal tells nothing, not even that two are alike"
    if len(plain) > 3:
        assert plain.encode() not in sealed


def test_another_purpose_does_not_open_it():
    with pytest.raises(KeyTrouble):
        KEYS.unseal(KEYS.seal("13800001234", "phone"), "name")


def test_another_key_does_not_open_it():
    with pytest.raises(KeyTrouble):
        Keys.generate().unseal(KEYS.seal("13800001234", "phone"), "phone")


def test_any_changed_byte_is_noticed():
    sealed = KEYS.seal("13800001234", "phone")
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(KeyTrouble):
            KEYS.unseal(bytes(changed), "phone")


@pytest.mark.parametrize("length", [0, 1, 11, 12, 20])
def test_what_is_cut_short_is_noticed(length: int):
    with pytest.raises(KeyTrouble):
        KEYS.unseal(KEYS.seal("13800001234", "phone")[:length], "phone")


def test_a_blind_index_finds_equals_and_tells_purposes_apart():
    assert KEYS.blind("a", "phone") == KEYS.blind("a", "phone")
    assert len({KEYS.blind("a", "phone"), KEYS.blind("b", "phone"), KEYS.blind("a", "name")}) == 3
    assert Keys.generate().blind("a", "phone") != KEYS.blind("a", "phone")


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "data" / "keys.json"
    made = Keys.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert Keys.load_or_create(path) == made
    assert [found.name for found in path.parent.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int):
    path = tmp_path / "keys.json"
    Keys.load_or_create(path)
    path.chmod(mode)
    with pytest.raises(KeyTrouble, match="600"):
        Keys.load_or_create(path)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"signing": "x"}', '"keys"', "\x00"])
def test_a_damaged_key_file_is_one_clear_line(tmp_path: Path, content: str):
    path = tmp_path / "keys.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyTrouble) as trouble:
        Keys.load_or_create(path)
    assert "\n" not in str(trouble.value)
    assert path.read_text() == content, "a damaged file is never written over: it may be the only one"


@pytest.mark.parametrize(
    ("part", "damage"), [("signing", "-----BEGIN"), ("sandbox", 7), ("sealing", "AAAA"), ("blinding", "?")]
)
def test_a_key_that_is_none_is_noticed_at_the_start(tmp_path: Path, part: str, damage: object):
    path = tmp_path / "keys.json"
    Keys.load_or_create(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), part: damage}))
    with pytest.raises(KeyTrouble) as trouble:
        Keys.load_or_create(path)
    assert "\n" not in str(trouble.value)


def test_two_starters_end_with_the_same_keys(tmp_path: Path):
    path = tmp_path / "keys.json"
    program = (
        "import sys; from pathlib import Path; from app.core.sealing import Keys; "
        "print(Keys.load_or_create(Path(sys.argv[1])).fingerprint)"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = {starter.communicate(timeout=60)[0].strip() for starter in starters}
    assert said == {Keys.load_or_create(path).fingerprint}
    assert [starter.returncode for starter in starters] == [0] * 4


def test_a_fingerprint_tells_keys_apart_and_nothing_else():
    assert KEYS.fingerprint != Keys.generate().fingerprint
    assert KEYS.sealing.hex() not in KEYS.fingerprint

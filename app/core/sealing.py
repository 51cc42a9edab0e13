"""Keys of this installation, and what they do: sign tokens, seal personal data, find sealed data by a blind index.

The keys live in one file, readable by its owner alone, made on first start and never in the repository.
Sealing is AES-256-GCM (NIST SP 800-38D) with the purpose as associated data, so that a sealed phone cannot be pasted
into another column; the blind index is HMAC-SHA-256. Source of the duty: domain handbook §3.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class KeyTrouble(Exception):
    """The key file cannot be used; the message is one line for a person."""


@dataclass(frozen=True)
class Keys:
    """The secrets of one installation. Losing the file makes sealed personal data unreadable for ever: back it up."""

    signing_pem: str
    sealing: bytes
    blinding: bytes
    sandbox_pem: str
    sandbox_secret: bytes

    def __post_init__(self) -> None:
        """Notice a damaged key at the start and not at its first use."""
        _ = self.signing_key, self.sandbox_key, self._aead

    @classmethod
    def generate(cls) -> Keys:
        """Fresh random keys."""
        return cls(
            signing_pem=_pem(ec.generate_private_key(ec.SECP256R1())),
            sealing=secrets.token_bytes(32),
            blinding=secrets.token_bytes(32),
            sandbox_pem=_pem(ed25519.Ed25519PrivateKey.generate()),
            sandbox_secret=secrets.token_bytes(32),
        )

    @classmethod
    def load_or_create(cls, path: Path) -> Keys:
        """Read the key file; make it when there is none. Two processes starting at once end with the same keys.

        Raises ``KeyTrouble`` when the file is unreadable, damaged, or open to other users.
        """
        if not path.exists():
            _write_once(path, cls.generate()._to_json())  # noqa: SLF001 - our own
        try:
            if path.stat().st_mode & 0o077:
                raise KeyTrouble(f"密钥文件权限过宽，请执行 chmod 600 / key file is open to others, chmod 600: {path}")
            return cls._from_json(path.read_text())
        except (OSError, ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
            raise KeyTrouble(f"无法读取密钥文件 / cannot read the key file {path}: {error}") from error

    def _to_json(self) -> str:
        return json.dumps(
            {
                "signing": self.signing_pem,
                "sealing": base64.b64encode(self.sealing).decode(),
                "blinding": base64.b64encode(self.blinding).decode(),
                "sandbox": self.sandbox_pem,
                "sandbox_secret": base64.b64encode(self.sandbox_secret).decode(),
            },
            indent=1,
        )

    @classmethod
    def _from_json(cls, text: str) -> Keys:
        raw = json.loads(text)
        return cls(
            signing_pem=raw["signing"],
            sealing=base64.b64decode(raw["sealing"], validate=True),
            blinding=base64.b64decode(raw["blinding"], validate=True),
            sandbox_pem=raw["sandbox"],
            sandbox_secret=base64.b64decode(raw["sandbox_secret"], validate=True),
        )

    @cached_property
    def signing_key(self) -> ec.EllipticCurvePrivateKey:
        """The ES256 key that signs access tokens."""
        key = serialization.load_pem_private_key(self.signing_pem.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyTrouble("签名密钥类型不对 / the signing key is not an EC key")
        return key

    @cached_property
    def sandbox_key(self) -> ed25519.Ed25519PrivateKey:
        """The Ed25519 key with which the sandbox payment provider signs its notifications."""
        key = serialization.load_pem_private_key(self.sandbox_pem.encode(), password=None)
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise KeyTrouble("沙箱密钥类型不对 / the sandbox key is not an Ed25519 key")
        return key

    @cached_property
    def fingerprint(self) -> str:
        """Tells two key files apart without giving anything away; the database remembers the one it was sealed with."""
        return hmac.new(self.blinding, b"fingerprint" + self.sealing, hashlib.sha256).hexdigest()[:32]

    @cached_property
    def _aead(self) -> AESGCM:
        return AESGCM(self.sealing)

    def seal(self, plain: str, purpose: str) -> bytes:
        """Encrypt; ``purpose`` names the column and must be given again to open it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain.encode(), purpose.encode())

    def unseal(self, sealed: bytes, purpose: str) -> str:
        """Decrypt what ``seal`` made. Raises ``KeyTrouble`` for another key, purpose, or a changed byte."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise KeyTrouble(f"密文与密钥不符 / sealed {purpose} does not open with this key") from error

    def blind(self, plain: str, purpose: str) -> bytes:
        """A 32-byte index that finds equal values without revealing them."""
        return hmac.new(self.blinding, purpose.encode() + b"\0" + plain.encode(), hashlib.sha256).digest()


_installed: Keys | None = None


def install(keys: Keys) -> None:
    """Give this process its keys; composition roots and the test-suite do this once."""
    global _installed  # noqa: PLW0603 - one process serves one installation
    _installed = keys


def keys() -> Keys:
    """The keys of this installation."""
    if _installed is None:
        raise KeyTrouble("尚未加载密钥 / no keys are installed in this process")
    return _installed


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _write_once(path: Path, text: str) -> None:
    """Write the whole file or nothing: a linked temporary file, so that a second starter never reads half a key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not named after the process: in containers each is number 1, and one that was killed leaves its draft behind.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()

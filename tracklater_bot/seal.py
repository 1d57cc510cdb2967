"""Small secrets in the store, which nobody can read without the password they were sealed with.

The standard library has no cipher, so this is the plain textbook construction from its HMAC: a
keystream of HMAC-SHA256 over a counter, encrypt then authenticate, keys by scrypt.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property

from pydantic import SecretStr

_NONCE = 16
_TAG = 32


class Seal:
    """Closes and opens texts with a password. `context` tells apart what one password seals."""

    def __init__(self, password: SecretStr, context: str) -> None:
        self._password = password
        self._context = context

    def close(self, text: str) -> str:
        """`text` in a form that is safe to keep."""
        nonce, plain = os.urandom(_NONCE), text.encode()
        hidden = self._mixed(nonce, plain)
        return urlsafe_b64encode(nonce + hidden + self._tag(nonce + hidden)).decode()

    def open(self, sealed: str) -> str | None:
        """The text again; None when it was sealed with another password or has been touched."""
        try:
            raw = urlsafe_b64decode(sealed.encode())
        except ValueError:
            return None
        body, tag = raw[:-_TAG], raw[-_TAG:]
        if len(raw) < _NONCE + _TAG or not hmac.compare_digest(self._tag(body), tag):
            return None
        return self._mixed(body[:_NONCE], body[_NONCE:]).decode()

    @cached_property
    def _keys(self) -> tuple[bytes, bytes]:
        """One key to hide, one to authenticate. Slow on purpose: passwords can be guessed."""
        salt = hashlib.sha256(self._context.encode()).digest()
        secret = self._password.get_secret_value().encode()
        both = hashlib.scrypt(secret, salt=salt, n=2**14, r=8, p=1, dklen=64)
        return both[:32], both[32:]

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._keys[1], body, "sha256")

    def _mixed(self, nonce: bytes, text: bytes) -> bytes:
        blocks = (len(text) + 31) // 32
        stream = b"".join(
            hmac.digest(self._keys[0], nonce + number.to_bytes(8, "big"), "sha256")
            for number in range(blocks)
        )
        return bytes(one ^ other for one, other in zip(text, stream, strict=False))

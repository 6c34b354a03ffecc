"""The signature of the office under the manifest of a bundle: Ed25519, where a key is configured (docs/guides/bundles.md)."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from cchc.bundle import verify
from cchc.errors import NotConfigured
from cchc.settings import Settings


def signing_key(settings: Settings) -> Ed25519PrivateKey | None:
    """The private key of the office; None where none is configured. Raises NotConfigured if it cannot be used."""
    data = settings.signing_key()
    if data is None:
        return None
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotConfigured(f"the signing key is no private key in PEM without a password: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotConfigured("the signing key is no Ed25519 key: `openssl genpkey -algorithm ed25519 -out signing_key.pem` makes one")
    return key


def signed(key: Ed25519PrivateKey | None, manifest: bytes) -> dict[str, bytes]:
    """The files with the signature of a manifest and the public key; none without a key."""
    if key is None:
        return {}
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {verify.SIGNATURE: key.sign(manifest), verify.PUBLIC_KEY: public}

"""Whether one key signed a certificate."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from analyzer.x509.certificate import Certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.extensions import loaded
from analyzer.x509.keys import PublicKey, quietly
from analyzer.x509.loading import load_public_key


def signed_by(certificate: Certificate, issuer: PublicKey) -> bool | None:
    """Tell whether `issuer` made the certificate's signature; None when that cannot be computed.

    Names are not compared here: Android compares them in a canonical form, see `Name.canonical`.
    """
    library = loaded(certificate.der)
    if library is None or issuer.problem is not None:
        return None
    try:
        key = load_public_key(issuer.spki)
        return quietly(lambda: _verify(library, key))
    except UnreadableError:
        return None


def is_self_signed(certificate: Certificate) -> bool | None:
    """Tell whether the certificate's own key made its signature; None when that cannot be computed."""
    return signed_by(certificate, certificate.key) if certificate.self_issued else False


def _verify(certificate: x509.Certificate, key: PublicKeyTypes) -> bool | None:
    signature, data = certificate.signature, certificate.tbs_certificate_bytes
    try:
        digest = certificate.signature_hash_algorithm
        parameters = certificate.signature_algorithm_parameters
        if isinstance(key, rsa.RSAPublicKey):
            if digest is None or not isinstance(parameters, padding.PKCS1v15 | padding.PSS):
                return False
            key.verify(signature, data, parameters, digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            if not isinstance(parameters, ec.ECDSA):
                return False
            key.verify(signature, data, parameters)
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            if digest is not None:
                return False
            key.verify(signature, data)
        elif isinstance(key, dsa.DSAPublicKey):
            if digest is None:
                return False
            key.verify(signature, data, digest)
        else:
            return None
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return None
    return True

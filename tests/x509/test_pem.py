"""PEM as people leave it in files and code."""

import time

import pytest

from analyzer.x509.pem import pem_blocks
from tests.x509.makers import make

CERTIFICATE = make("pem")
PEM = CERTIFICATE.pem
BODY = b"".join(PEM.splitlines()[1:-1])


@pytest.mark.parametrize(
    "text",
    [
        PEM,
        b"Bag Attributes\n  friendlyName: x\nsubject=CN = pem\n" + PEM + b"trailing words",
        PEM.replace(b"\n", b"\r\n"),
        PEM.replace(b"\n", b"\\n"),
        PEM.replace(b"\n", b"\n    "),
        b"-----BEGIN CERTIFICATE-----" + BODY + b"-----END CERTIFICATE-----",
        b"-----BEGIN X509 CERTIFICATE-----\n" + BODY + b"\n-----END X509 CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\n" + BODY.rstrip(b"=") + b"\n-----END CERTIFICATE-----",
    ],
)
def test_untidy_blocks_are_read(text: bytes) -> None:
    assert [block.data for block in pem_blocks(text, most=9)] == [CERTIFICATE.der]


def test_a_block_without_end_does_not_hide_the_next() -> None:
    blocks = list(pem_blocks(b"-----BEGIN CERTIFICATE-----\nMIIB\n" + PEM, most=9))
    assert [(block.data, block.problem) for block in blocks] == [
        (None, "its end mark is missing"),
        (CERTIFICATE.der, None),
    ]


def test_headers_stand_apart_from_the_data() -> None:
    text = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
    [block] = pem_blocks(text, most=9)
    assert (block.headers["DEK-Info"], block.data) == ("AES-128-CBC,00", b"\0\0\0")


def test_what_is_not_base64_is_said_so() -> None:
    [block] = pem_blocks(b"-----BEGIN CERTIFICATE-----\n<your certificate>\n-----END CERTIFICATE-----", most=9)
    assert block.data is None and block.problem is not None


def test_time_is_linear_in_hostile_text() -> None:
    started = time.process_time()
    text = b"-----BEGIN CERTIFICATE-----" * 40_000
    assert len(list(pem_blocks(text, most=1_000))) == 1_000
    assert sum(1 for _ in pem_blocks(b"-----BEGIN A-----x-----END A-----" * 20_000, most=10**9)) == 20_000
    assert time.process_time() - started < 5

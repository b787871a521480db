"""The guard refuses to ask whatever is not public, however it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.tools.guard import Guard
from bot.tools.networks import SPECIAL_IPV4
from tests.tools.guarding import NO_PASSWORD, NOT_ALLOWED, ODD, ONLY_HTTPS, PRIVATE, TRUST, asked, guard, refusal

# ruff: noqa: RUF001 - letters that look like others are what is tested

ATTACKS: Sequence[tuple[str, str]] = (
    # loopback, as it is written and as it is not
    ("https://127.0.0.1/", PRIVATE),
    ("https://127.0.0.1./", PRIVATE),
    ("https://127.255.255.254/", PRIVATE),
    ("https://0.0.0.0/", PRIVATE),
    ("https://[::1]/", PRIVATE),
    ("https://[::]/", PRIVATE),
    ("https://[0:0:0:0:0:0:0:1]/", PRIVATE),
    ("https://[0000:0000:0000:0000:0000:0000:0000:0001]/", PRIVATE),
    ("https://127.1/", ODD),
    ("https://127.0.1/", ODD),
    ("https://127/", ODD),
    ("https://0/", ODD),
    ("https://2130706433/", ODD),
    ("https://02130706433/", ODD),
    ("https://017700000001/", ODD),
    ("https://0x7f000001/", ODD),
    ("https://0X7F000001/", ODD),
    ("https://0x7f.0x0.0x0.0x1/", ODD),
    ("https://0x7f.1/", ODD),
    ("https://0177.0.0.1/", ODD),
    ("https://0177.0.0.01/", ODD),
    ("https://127.0.0.01/", ODD),
    ("https://127.000.000.001/", ODD),
    ("https://127.0.0.0x1/", ODD),
    ("https://127.0.0.1../", ODD),
    ("https://127.0.0.256/", ODD),
    ("https://4294967297/", ODD),
    ("https://127.0.0.1.1/", ODD),
    ("https://-1/", ODD),
    # other digits, dots and letters
    ("https://①②⑦.⓪.⓪.①/", ODD),
    ("https://１２７.０.０.１/", ODD),
    ("https://127。0。0。1/", PRIVATE),
    ("https://127．0．0．1/", PRIVATE),
    ("https://١٢٧.٠.٠.١/", ODD),
    ("https://ⓛocalhost/", ODD),
    ("https://ｌocalhost/", ODD),
    ("https://local\u00adhost/", ODD),
    ("https://local\u200bhost/", ODD),
    ("https://münchen.example/", PRIVATE),
    # percent-encoded
    ("https://%31%32%37.0.0.1/", ODD),
    ("https://127.0.0.1%2f@93.184.216.34/", NO_PASSWORD),
    ("https://127%2e0%2e0%2e1/", ODD),
    ("https://localhost%00.example/", ODD),
    ("https://%6cocalhost/", ODD),
    # names that lead inside
    ("https://localhost/", PRIVATE),
    ("https://LOCALHOST/", PRIVATE),
    ("https://LocalHost./", PRIVATE),
    ("https://loopback.localhost/", PRIVATE),
    ("https://inside.example/", PRIVATE),
    ("https://both.example/", PRIVATE),
    ("https://both6.example/", PRIVATE),
    ("https://mapped.example/", PRIVATE),
    ("https://zoned.example/", PRIVATE),
    ("https://nat64.example/", PRIVATE),
    ("https://sixtofour.example/", PRIVATE),
    # private, link-local, shared and reserved
    ("https://10.0.0.1/", PRIVATE),
    ("https://172.16.0.1/", PRIVATE),
    ("https://172.31.255.255/", PRIVATE),
    ("https://192.168.1.1/", PRIVATE),
    ("https://100.64.0.1/", PRIVATE),
    ("https://198.18.0.1/", PRIVATE),
    ("https://192.0.2.1/", PRIVATE),
    ("https://224.0.0.1/", PRIVATE),
    ("https://255.255.255.255/", PRIVATE),
    ("https://[fc00::1]/", PRIVATE),
    ("https://[fe80::1]/", PRIVATE),
    ("https://[fe80::1%25lo]/", ODD),
    ("https://[fe80::1%lo]/", ODD),
    ("https://[::1%251]/", ODD),
    ("https://[ff02::1]/", PRIVATE),
    ("https://[2001:db8::1]/", PRIVATE),
    ("https://[fec0::1]/", PRIVATE),
    # IPv4 within IPv6
    ("https://[::ffff:127.0.0.1]/", PRIVATE),
    ("https://[::FFFF:7F00:1]/", PRIVATE),
    ("https://[::ffff:0:127.0.0.1]/", PRIVATE),
    ("https://[::127.0.0.1]/", PRIVATE),
    ("https://[64:ff9b::127.0.0.1]/", PRIVATE),
    ("https://[64:ff9b::a9fe:a9fe]/", PRIVATE),
    ("https://[64:ff9b:1::10.0.0.1]/", PRIVATE),
    ("https://[2002:7f00:1::]/", PRIVATE),
    ("https://[2001::80ff:fffe]/", PRIVATE),
    ("https://[::ffff:127.1]/", ODD),
    ("https://[::ffff:0x7f.0.0.1]/", ODD),
    # clouds' metadata
    ("https://169.254.169.254/latest/meta-data/", PRIVATE),
    ("https://2852039166/", ODD),
    ("https://0xa9fea9fe/", ODD),
    ("https://0251.0376.0251.0376/", ODD),
    ("https://169.254.43518/", ODD),
    ("https://[::ffff:a9fe:a9fe]/", PRIVATE),
    ("https://[fd00:ec2::254]/", PRIVATE),
    ("https://100.100.100.200/", PRIVATE),
    ("https://168.63.129.16/", PRIVATE),
    ("https://192.0.0.192/", PRIVATE),
    ("https://metadata.google.internal/", PRIVATE),
    ("https://METADATA.google.INTERNAL./computeMetadata/v1/", PRIVATE),
    ("https://metadata.example/", PRIVATE),
    ("https://alibaba.example/", PRIVATE),
    ("https://azure.example/", PRIVATE),
    ("https://oracle.example/", PRIVATE),
    # who is asked is not who it seems
    ("https://example.org@127.0.0.1/", NO_PASSWORD),
    ("https://me:hunter2@example.org/", NO_PASSWORD),
    ("https://:hunter2@example.org/", NO_PASSWORD),
    ("https://@127.0.0.1/", PRIVATE),
    ("https://inside.example#@example.org/", PRIVATE),
    ("https://127.0.0.1#@example.org/", PRIVATE),
    ("https://127.0.0.1?@example.org/", PRIVATE),
    ("https://example.org\\@127.0.0.1/", NO_PASSWORD),
    ("https://127.0.0.1\\@example.org/", NO_PASSWORD),
    ("https://127.0.0.1\\.example.org/", ODD),
    ("https://127.0.0.1 .example.org/", ODD),
    ("https://exam\tple.org/", ODD),
    ("https://exam\nple.org/", ODD),
    ("https://example.org/\r\nX-Other: 1", ODD),
    ("https://example..org/", ODD),
    ("https://.example.org/", ODD),
    ("https://" + "a" * 64 + ".org/", ODD),
    ("https://" + "a." * 130 + "org/", ODD),
    ("https://[::1/", ODD),
    ("https://[::1]evil/", ODD),
    ("https://example.org/" + "a" * 8000, ODD),
    # other schemes
    ("http://93.184.216.34/", ONLY_HTTPS),
    ("HTTP://127.0.0.1/", ONLY_HTTPS),
    ("ftp://127.0.0.1/", ODD),
    ("file:///etc/passwd", ODD),
    ("gopher://127.0.0.1:6379/_INFO", ODD),
    ("data:text/html,hi", ODD),
    ("//127.0.0.1/", ODD),
    ("127.0.0.1", ODD),
    ("https:127.0.0.1", ODD),
    ("https:/127.0.0.1", ODD),
    ("https:///127.0.0.1/", ODD),
    ("https://", ODD),
    ("", ODD),
    # other ports
    ("https://93.184.216.34:22/", NOT_ALLOWED),
    ("https://93.184.216.34:8443/", NOT_ALLOWED),
    ("https://93.184.216.34:0/", NOT_ALLOWED),
    ("https://93.184.216.34:65536/", NOT_ALLOWED),
    ("https://93.184.216.34:99999999/", NOT_ALLOWED),
    ("https://93.184.216.34:https/", ODD),
    ("https://93.184.216.34:443:80/", ODD),
    ("https://127.0.0.1:443/", PRIVATE),
)


@pytest.mark.parametrize(("url", "sentence"), ATTACKS, ids=[ascii(url)[:60] for url, _ in ATTACKS])
async def test_attack_is_refused(url: str, sentence: str) -> None:
    """Whatever is typed to reach what is not public, even where every public host is allowed."""
    assert (await refusal(asked(guard(), url))).endswith(sentence)


NOTATIONS: Sequence[Callable[[int], str]] = (
    str,
    hex,
    lambda number: f"0{number:o}",
    lambda number: ".".join(f"{byte:#x}" for byte in number.to_bytes(4)),
    lambda number: ".".join(f"0{byte:o}" for byte in number.to_bytes(4)),
    lambda number: ".".join(f"{byte:03}" for byte in number.to_bytes(4)),
    lambda number: f"{number >> 24}.{number & 0xFFFFFF}",
    lambda number: f"{number >> 24}.{number >> 16 & 0xFF}.{number & 0xFFFF}",
    lambda number: f"0x{number >> 24:x}.{number >> 16 & 0xFF}.0{number & 0xFFFF:o}",
    lambda number: str(IPv4Address(number)),
    lambda number: f"{IPv4Address(number)}.",
    lambda number: str(IPv4Address(number)).replace(".", "。"),
    lambda number: "".join(chr(ord(each) + 0xFEE0) if each != "." else each for each in str(IPv4Address(number))),
    lambda number: "".join(f"%{ord(each):x}" for each in str(IPv4Address(number))),
    lambda number: f"[::ffff:{IPv4Address(number)}]",
    lambda number: f"[::FFFF:{number >> 16:X}:{number & 0xFFFF:X}]",
    lambda number: f"[::{IPv4Address(number)}]",
    lambda number: f"[64:ff9b::{IPv4Address(number)}]",
    lambda number: f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::]",
)


@given(
    some.sampled_from(SPECIAL_IPV4).flatmap(lambda each: some.ip_addresses(v=4, network=str(each))),
    some.sampled_from(NOTATIONS),
    some.sampled_from(["", ":443", "/path", "?@example.org", "#.example.org"]),
)
async def test_private_address_is_refused_in_every_notation(
    address: IPv4Address, notation: Callable[[int], str], rest: str
) -> None:
    """No way to write a special IPv4 address leads to a connection or to a look-up of a name."""
    sentence = await refusal(asked(guard(), f"https://{notation(int(address))}{rest}"))
    assert sentence.endswith((PRIVATE, ODD))


@given(some.text())
async def test_any_text_gets_an_answer_in_words(text: str) -> None:
    """Whatever is typed, nobody sees an error that is not a sentence; nothing is allowed here."""
    for typed in (text, f"https://{text}", f"https://example.org{text}"):
        assert (await refusal(asked(guard(allowed=()), typed))).endswith(".")


async def test_names_of_this_machine_are_refused_with_its_own_resolver() -> None:
    """The system finds localhost, and it is refused."""
    guarded = Guard(allowed_hosts=["*"], ssl_context=TRUST)
    assert (await refusal(asked(guarded, "https://localhost/"))).endswith(PRIVATE)


async def test_unknown_name_is_said_to_be_unknown() -> None:
    """A typing error is no riddle, whatever way the look-up fails."""

    async def unknown(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - interface
        raise OSError("-2, Name or service not known")

    async def nowhere(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - interface
        return ()

    for resolver in (unknown, nowhere):
        guarded = Guard(allowed_hosts=["*"], resolve=resolver, ssl_context=TRUST)
        assert await refusal(asked(guarded, "https://exmaple.org/")) == (
            "There is no host named exmaple.org: check the address."
        )

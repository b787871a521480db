"""Which addresses are public: each of IANA's special ranges at both of its ends, and what lies beside them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.tools.networks import SPECIAL_IPV4, is_public

# IANA's registries of special-purpose addresses, the multicast spaces, and the clouds' own addresses.
SPECIAL = (
    "0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24",
    "192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24",
    "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24",
    "203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32 169.254.169.254/32 169.254.170.2/32",
    "100.100.100.200/32 192.0.0.192/32 168.63.129.16/32 ::1/128 ::/128 ::ffff:0:0/96 64:ff9b:1::/48 100::/64",
    "100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32",
    "2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20",
    "5f00::/16 fc00::/7 fd00:ec2::254/128 fe80::/10 fec0::/10 ff00::/8 ::/96 4000::/3",
)
PUBLIC = (
    "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.216.34 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0",
    "168.63.129.15 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0",
    "192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255 2001:200::1",
    "2001:4860:4860::8888 2606:4700::1111 2a00:1450::1 3ffe:ffff::1 64:ff9b::8.8.8.8",
)


@pytest.mark.parametrize("written", " ".join(SPECIAL).split())
def test_special_range_is_not_public(written: str) -> None:
    """Its first address, its last, and one in the middle."""
    network = ip_network(written)
    for address in (network[0], network[-1], network[(network.num_addresses - 1) // 2]):
        assert not is_public(address)


@pytest.mark.parametrize("written", " ".join(PUBLIC).split())
def test_public_address_is_public(written: str) -> None:
    """What lies right beside a special range, and hosts that everybody knows."""
    assert is_public(ip_address(written))


@given(some.sampled_from(SPECIAL_IPV4).flatmap(lambda each: some.ip_addresses(v=4, network=str(each))))
def test_forms_of_special_address_are_not_public(address: IPv4Address) -> None:
    """An IPv6 address that stands for a special IPv4 one: mapped, compatible, translated, NAT64, 6to4, Teredo."""
    number = int(address)
    forms = (
        number,
        0xFFFF << 32 | number,
        0xFFFF << 48 | number,
        0x64FF9B << 96 | number,
        0x2002 << 112 | number << 80,
        0x20010000 << 96 | ~number & 0xFFFF_FFFF,
    )
    assert not any(is_public(IPv6Address(form)) for form in forms)


@given(some.ip_addresses())
def test_public_address_is_global_to_the_library_too(address: IPv4Address | IPv6Address) -> None:
    """Nothing that Python's own list knows as private is public to us."""
    assert address.is_global or not is_public(address)

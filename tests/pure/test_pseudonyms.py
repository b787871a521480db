"""Names that nobody can find out."""

from __future__ import annotations

from hashlib import blake2b

from bot.runs.pseudonyms import Pseudonyms

ADA = 174_200_000_000_000_001


def test_pseudonym_is_the_same_each_time() -> None:
    """Also after a restart, as long as the secret is the same."""
    assert Pseudonyms("token").user(ADA) == Pseudonyms("token").user(ADA)


def test_pseudonym_is_another_with_another_secret() -> None:
    """Two bots, or one whose token was reset, call the same person differently."""
    assert Pseudonyms("token").user(ADA) != Pseudonyms("other").user(ADA)


def test_pseudonyms_of_different_kinds_differ() -> None:
    """A direct message's channel may have an id like that of a conversation of ours."""
    names = Pseudonyms("token")
    assert len({names.user(7), names.conversation(7), names.place(7), names.user(8)}) == 4


def test_pseudonym_is_not_found_by_trying_ids() -> None:
    """It is no hash of the id alone, in any of the ways that this bot has ever written it."""
    name = Pseudonyms("token").user(ADA)
    guesses = [
        blake2b(words.encode(), digest_size=16, person=person).hexdigest()
        for words in (str(ADA), f"user {ADA}")
        for person in (b"", b"parley-user", b"parley-name")
    ]
    assert name not in guesses
    assert len(name) == 32

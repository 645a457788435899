from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from custid.errors import UsageError
from custid.identity import ids

SOME = ids.mint(200, entropy=random.Random(5).randbytes).to_pylist()


def test_minted_ids_are_canonical_and_different() -> None:
    assert len(set(SOME)) == 200
    for customer_id in SOME:
        assert ids.check(customer_id)
        assert ids.normalize(customer_id) == customer_id
        assert ids.check_character(customer_id.replace("-", "")[:10]) == customer_id[-1]
        assert not set(customer_id) & set("ILOU")


def test_the_same_bytes_give_the_same_ids() -> None:
    assert ids.mint(200, entropy=random.Random(5).randbytes).to_pylist() == SOME


def test_no_id_is_asked_for_and_none_is_given() -> None:
    assert ids.mint(0, entropy=random.Random(5).randbytes).to_pylist() == []


def test_an_id_issued_before_is_drawn_again() -> None:
    issued = pa.chunked_array([SOME[:50], SOME[50:]], pa.string())
    fresh = ids.mint(200, entropy=random.Random(5).randbytes, issued=issued).to_pylist()
    assert len(set(fresh) | set(SOME)) == 400


def test_an_id_drawn_twice_in_a_batch_is_given_once() -> None:
    source = random.Random(6)

    def stammering(count: int) -> bytes:
        half = source.randbytes(count // 2 // 8 * 8)
        return half + half + source.randbytes(count - 2 * len(half))

    assert len(set(ids.mint(1000, entropy=stammering).to_pylist())) == 1000


def test_a_source_that_repeats_itself_is_refused_instead_of_waited_for() -> None:
    with pytest.raises(UsageError, match="repeats itself"):
        ids.mint(5, entropy=bytes)


def test_a_source_that_gives_too_little_is_refused() -> None:
    with pytest.raises(UsageError, match="gave 8 bytes"):
        ids.mint(5, entropy=lambda count: b"12345678")


def test_every_single_wrong_character_is_caught() -> None:
    for customer_id in SOME[:40]:
        for place in range(13):
            for other in ids.BODY_ALPHABET:
                if customer_id[place] not in (other, "-"):
                    assert not ids.check(customer_id[:place] + other + customer_id[place + 1 :])


@settings(deadline=None)
@given(
    st.text(ids.BODY_ALPHABET, min_size=10, max_size=10),
    st.integers(0, 9),
    st.sampled_from(ids.BODY_ALPHABET),
)
def test_a_wrong_character_changes_the_check_character_of_any_body(body: str, place: int, other: str) -> None:
    assume(body[place] != other)
    wrong = body[:place] + other + body[place + 1 :]
    assert ids.check_character(wrong) != ids.check_character(body)


def test_few_swaps_of_neighbors_are_missed() -> None:
    letters = [customer_id.replace("-", "") for customer_id in SOME]
    swaps = [
        text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        for text in letters
        for place in range(10)
        if text[place] != text[place + 1]
    ]
    assert sum(map(ids.check, swaps)) <= 0.01 * len(swaps)


@settings(deadline=None)
@given(st.sampled_from(SOME), st.randoms(use_true_random=False))
def test_the_way_an_id_is_typed_does_not_matter(customer_id: str, chance: random.Random) -> None:
    typed = customer_id.replace("-", chance.choice(["", " ", "-", "–", "－"]))
    typed = "".join(
        chance.choice([one, one.lower(), chr(ord(one) + 0xFEE0)]) if one.isalnum() else one for one in typed
    )
    typed = typed.replace("1", chance.choice("1lIL")).replace("0", chance.choice("0oO"))
    assert ids.normalize(f" {typed} ") == customer_id


def test_what_is_no_id_is_left_alone_and_explained() -> None:
    assert ids.normalize(" A-17 ") == "A-17"
    assert "3 characters, not 11" in str(ids.fault("A-17"))
    assert "have no 'U'" in str(ids.fault("UUUUU-UUUUU-U"))
    wrong = SOME[0][:-1] + ("2" if SOME[0][-1] != "2" else "3")
    assert "mistyped" in str(ids.fault(wrong))
    assert ids.fault(SOME[0]) is None

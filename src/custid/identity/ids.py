"""Customer ids: random, opaque, and able to tell when they were mistyped.

In: a source of random bytes, the ids issued so far, or what somebody typed. Out: ids, canonical spellings,
reasons.
Never here: a clock, a source of randomness of its own, personal data, meaning.

An id looks like `C7K2M-9QD4X-G`: ten random Crockford base32 characters (50 bits; no I, L, O or U) in two
groups, then a check character by ISO 7064 MOD 37,36. Ids whose check character would be I, L, O or U are
never issued, so that every character of every id is base32, and reading I or L as 1 and O as 0 is sound
anywhere in it. 8 of 9 draws remain: 1.0e15 ids.

Fifty bits are not enough to trust in luck: among 100 million ids drawn blindly about five pairs would be
equal. `mint` therefore never repeats itself within a call, nor any id of `issued`. Given that, a made-up id
with a right check character names one of 100 million customers once in ten million tries. An id is a name,
not a secret.

What the check character catches: every single wrong character. What it misses, counted over a million random
ids: 0.15% of swaps of neighbors (`AB` for `BA`), 1.9% of swaps across one (`AxB`, `BxA`), 1.9% of twin
errors (`AA` for `BB`), and about 1 in 36 of arbitrary garbling.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from custid.errors import UsageError

BODY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_BODY_LENGTH = 10
_BODY_BITS = np.uint64(2**50 - 1)
_CONFUSED = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－ー_", "-"))

#: Body digit (0–31) → its value in the check alphabet (0–35), and check value → ASCII.
_CHECK_VALUE = np.array([CHECK_ALPHABET.index(character) for character in BODY_ALPHABET], dtype=np.uint8)
_ASCII = np.frombuffer(CHECK_ALPHABET.encode(), dtype=np.uint8)
#: The algorithm's running product after one more digit, at [product * 36 + digit].
_PRODUCTS = np.array([((p + d) % 36 or 36) * 2 % 37 for p in range(37) for d in range(36)], dtype=np.intp)
_ISSUABLE = np.array([character in BODY_ALPHABET for character in CHECK_ALPHABET])


def mint(count: int, *, entropy: Callable[[int], bytes], issued: pa.Array | pa.ChunkedArray | None = None) -> pa.Array:
    """`count` new ids (string array), different from each other and from every id of `issued`.

    `entropy(n)` gives n random bytes (`os.urandom`, or a seeded `random.Random(…).randbytes`); the same
    bytes give the same ids. `issued` is every id ever issued, live or not: the column `customer_id` of
    CUSTOMERS. Raises UsageError when `entropy` repeats itself or gives too few bytes.

    >>> import random
    >>> mint(2, entropy=random.Random(1).randbytes).to_pylist()
    ['TR98H-6BCFN-P', '9Y63C-F2TPZ-Z']
    """
    fresh = np.empty(0, dtype=np.uint64)
    while len(fresh) < count:
        # One draw in nine is refused for its check character; a little more than enough saves a second round.
        draws = (count - len(fresh)) * 9 // 8 + 32
        drawn = np.frombuffer(entropy(8 * draws), dtype="<u8")
        if len(drawn) != draws:
            raise UsageError(f"entropy({8 * draws}) gave {8 * len(drawn)} bytes. Pass a source such as os.urandom.")
        found = _unissued(drawn & _BODY_BITS, issued)
        both = np.concatenate([fresh, found])
        _, first = np.unique(both, return_index=True)
        if len(first) == len(fresh):
            raise UsageError("entropy repeats itself: no new customer id in a whole draw. Pass os.urandom.")
        fresh = both[np.sort(first)]
    return _spell(fresh[:count])


def check_character(body: str) -> str:
    """The ISO 7064 MOD 37,36 check character of `body` (characters 0–9 and A–Z).

    >>> check_character("C7K2M9QD4X"), check_character("A12425GABC1234002")
    ('G', 'M')
    """
    product = 36
    for character in body:
        total = (product + CHECK_ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return CHECK_ALPHABET[(1 - product) % 36]


def normalize(text: str) -> str:
    """The canonical spelling of a typed id; text that cannot be an id comes back stripped, otherwise as it
    was.

    Case, dashes, blanks and full-width characters do not matter; I and L are read as 1, O as 0.

    >>> normalize(" c7k2m9qd4xg "), normalize("Ｃ７Ｋ２Ｍ－９ＱＤ４Ｘ－Ｇ"), normalize("ioLol-iOlOl-M")
    ('C7K2M-9QD4X-G', 'C7K2M-9QD4X-G', '10101-10101-M')
    >>> normalize(" order 66 ")
    'order 66'
    """
    letters = _letters(text)
    if len(letters) != _BODY_LENGTH + 1 or not set(letters) <= set(BODY_ALPHABET):
        return text.strip()
    return f"{letters[:5]}-{letters[5:10]}-{letters[10]}"


def fault(text: str) -> str | None:
    """Why `text` cannot be a customer id, as a sentence; None when it can.

    >>> fault("C7K2M-9QD4X-G")
    >>> print(fault("C7K2M-9QD4Y-G"))
    'C7K2M-9QD4Y-G' is mistyped: its check character does not fit the rest. Compare it with its source.
    >>> print(fault("C7K2M"))
    'C7K2M' is no customer id: it has 5 characters, not 11. An id looks like C7K2M-9QD4X-G.
    """
    letters = _letters(text)
    if len(letters) != _BODY_LENGTH + 1:
        return f"{text!r} is no customer id: it has {len(letters)} characters, not 11. An id looks like C7K2M-9QD4X-G."
    strange = sorted(set(letters) - set(BODY_ALPHABET))
    if strange:
        return f"{text!r} is no customer id: ids have no {strange[0]!r}. An id looks like C7K2M-9QD4X-G."
    if check_character(letters[:-1]) != letters[-1]:
        return f"{text!r} is mistyped: its check character does not fit the rest. Compare it with its source."
    return None


def check(text: str) -> bool:
    """Whether `text`, however it is typed, can be a customer id.

    >>> check("C7K2M-9QD4X-G"), check("c7k2m 9qd4x g"), check("C7K2M-9QD4X-H")
    (True, True, False)
    """
    return fault(text) is None


def _letters(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_DASHES).strip().upper().translate(_CONFUSED)


def _digits(bodies: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Ten rows, one per place: the base32 digits of all bodies, as values of the check alphabet."""
    digits = np.empty((_BODY_LENGTH, len(bodies)), dtype=np.uint8)
    for place in range(_BODY_LENGTH):
        shift = np.uint64(5 * (_BODY_LENGTH - 1 - place))
        digits[place] = _CHECK_VALUE[(bodies >> shift) & np.uint64(31)]
    return digits


def check_values(digits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """ISO 7064 MOD 37,36 of many texts at once: one row per place and one column per text, as values of
    CHECK_ALPHABET; out comes one value per text."""
    product = np.full(digits.shape[1], 36, dtype=np.intp)
    for row in digits:
        product = _PRODUCTS[product * 36 + row]
    return ((37 - product) % 36).astype(np.uint8)


def _unissued(bodies: npt.NDArray[np.uint64], issued: pa.Array | pa.ChunkedArray | None) -> npt.NDArray[np.uint64]:
    bodies = bodies[_ISSUABLE[check_values(_digits(bodies))]]
    if issued is None or len(issued) == 0:
        return bodies
    # Hash the few that were drawn, not the many that were issued.
    spelled = _spell(bodies)
    taken = issued.filter(pc.is_in(issued, value_set=spelled.cast(issued.type)))
    clash = np.asarray(pc.is_in(spelled, value_set=pa.array(taken.to_pylist(), pa.string())), dtype=np.bool_)
    return bodies[~clash]


def _spell(bodies: npt.NDArray[np.uint64]) -> pa.Array:
    digits = _digits(bodies)
    letters = np.full((len(bodies), 13), ord("-"), dtype=np.uint8)
    letters[:, 0:5] = _ASCII[digits[:5]].T
    letters[:, 6:11] = _ASCII[digits[5:]].T
    letters[:, 12] = _ASCII[check_values(digits)]
    offsets = np.arange(len(bodies) + 1, dtype=np.int32) * np.int32(13)
    return pa.StringArray.from_buffers(len(bodies), pa.py_buffer(offsets), pa.py_buffer(letters))

"""What to compare and how much it counts, as data.

In: nothing. Out: frozen dataclasses. Never here: computing on tables; `engines` do that.

A `Model` follows Fellegi and Sunter (A Theory for Record Linkage, JASA 1969): every comparison puts a pair on one
of its levels, each level has a probability `m` among matches and `u` among strangers, and log2(m/u), summed over
the comparisons and added to the prior, is the match weight in bits.

custid adds a third class beside matches and strangers: **relatives**, different people who share a surname, an
address, a landline or a mailbox. Each level has a probability `h` among relatives too, and a pair's weight is the
evidence against both alternatives at once: ``-log2(2**-w_stranger + 2**-w_relative)``. What a household shares
therefore cannot add up to a match by itself, whereas first names and birth dates keep their full say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from custid.errors import ConfigError
from custid.standardize.conventions import Conventions

#: Tests a condition can use → does it need a number ("jaro_winkler >= 0.9")?
TESTS: dict[str, bool] = {
    "equal": False,  # the same comparable value
    "true": False,  # "true" in both
    "jaro_winkler": True,  # similarity 0..1, at least
    "edits": True,  # optimal string alignment distance, at most
    "tokens": True,  # share of words in common (Jaccard) 0..1, at least
    "contained": False,  # every word of the shorter stands in the longer
    "rare_words": True,  # as tokens, each word counted by its bits: log2 of one in how many values holds it
    "shared_by": True,  # both hold a word that so many distinct values hold, at most
    "acronym": False,  # one is made of the initials of the other
    "same_numbers": False,  # the same numbers in both, or none
    "initial": False,  # one is nothing but first letters of the other's words, as far as both go
    "nickname": False,  # given names that are forms of each other: Bill, William
    "romanized": False,  # Chinese or Korean surnames that may be one: Chen, Chan; Kim, Gim
    "sounds_alike": False,  # Latin names spelt otherwise that sound the same: Mohammed, Muhamad
    "same_end": True,  # so many last characters, at least
    "begins": False,  # one is the beginning of the other, at least three characters
    "digits_off": True,  # digits that differ in a date of eight, at most; two neighbours exchanged count as one
    "within": True,  # numbers that differ by so much, at most
    "day_month_swapped": False,  # day and month exchanged
    "same_year": False,
    "same_month_day": False,
    "swapped": False,  # two columns: each side's first is the other's second, one of them perhaps misspelt; with a
    # third, the words of the whole name, also where that is equal
    "crossed": False,  # two columns: one side's first equals the other's second
    "names": False,  # two columns: one side's first (what a person calls oneself) holds, begins or shortens the second
}
#: Tests on several columns → how many.
COLUMNS_OF_TESTS: dict[str, tuple[int, ...]] = {"swapped": (2, 3), "crossed": (2,), "names": (2,)}

_CONDITION = re.compile(
    r"^(?P<columns>[^\s]+(?:\s*,\s*[^\s]+)*)\s+(?P<test>[a-z_]+)(?:\s*(?P<op>>=|<=)\s*(?P<number>[\d.]+))?$"
)


@dataclass(frozen=True)
class Condition:
    """One test on one column, or on as many as `COLUMNS_OF_TESTS` says; false where a value is missing.

    A column written with a star, `phone*`, stands for all its values: `phone`, `phone_2`, …; the best pair counts.

    >>> Condition.parse("surname_latin jaro_winkler >= 0.9")
    Condition(columns=('surname_latin',), test='jaro_winkler', number=0.9)
    >>> Condition.parse("given_latin,surname_latin swapped").columns
    ('given_latin', 'surname_latin')
    """

    columns: tuple[str, ...]
    test: str
    number: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read the written form. Raises ConfigError."""
        found = _CONDITION.match(text.strip())
        if not found or found["test"] not in TESTS:
            raise ConfigError(
                f"condition {text!r} is not understood. Write 'COLUMN TEST', with TEST one of: {', '.join(TESTS)}."
            )
        if TESTS[found["test"]] != (found["number"] is not None):
            needs = "needs" if TESTS[found["test"]] else "takes no"
            raise ConfigError(f"condition {text!r}: test {found['test']!r} {needs} number.")
        columns = tuple(part.strip() for part in found["columns"].split(","))
        allowed = COLUMNS_OF_TESTS.get(found["test"], (1,))
        if len(columns) not in allowed:
            many = " or ".join(map(str, allowed))
            raise ConfigError(f"condition {text!r}: test {found['test']!r} takes {many} column(s), not {len(columns)}.")
        return cls(columns, found["test"], float(found["number"] or 0.0))


@dataclass(frozen=True)
class Level:
    """One level of a comparison: holds where all of `when` hold and no earlier level did.

    `when` empty: everything else. `m`, `u`, `h`: the level's probability among matches, strangers and relatives;
    0 means not estimated yet. `term_frequency`: the column whose rarity adjusts `u` for the very value two records
    share; "" for none. `excludes`: two records on this level are never one customer, whatever else they have in
    common, unless a steward says so.
    """

    label: str
    when: tuple[str, ...] = ()
    m: float = 0.0
    u: float = 0.0
    h: float = 0.0
    term_frequency: str = ""
    excludes: bool = False


@dataclass(frozen=True)
class Comparison:
    """One thing two records are compared on.

    A pair is *missing* on it (no evidence either way) unless at least one of `columns` has a value on both sides. A
    column "a,b" stands for one side's a set against the other's b, where the first side has no b of its own.
    `shared`: relatives tend to have it in common; `coincidence`: otherwise, the share of relatives that agree on it
    as if they were one person (twins' birth dates, a father and son of one name).
    `silenced_by` ("given_name:swapped", or several levels, "given_name:swapped|crossed"): missing as well where that
    other comparison, which must come earlier, is on that level, because it has already counted this evidence.
    `overlaps`: earlier comparison → bits by which the evidence is overcounted where both agree (see
    `engines.local.dependence`). `default_m`: what is assumed of `m`, level by level, where the data cannot tell.
    `alone`: the share of the pairs on each level that are taken for matches where there is nothing else to compare,
    from which nothing can be learnt; () where `default_m` has to do.
    `one_sided`: its last level is no evidence: not to be on the others is what one expects of matches as well.
    """

    name: str
    columns: tuple[str, ...]
    levels: tuple[Level, ...]
    shared: bool = False
    coincidence: float = 0.0
    silenced_by: str = ""
    default_m: tuple[float, ...] = ()
    overlaps: dict[str, float] = field(default_factory=dict)
    alone: tuple[float, ...] = ()
    one_sided: bool = False

    def label(self, level: int) -> str:
        """The label of a level number as engines use it: 0 is missing, 1 the first level."""
        return "missing" if level == 0 else self.levels[level - 1].label


@dataclass(frozen=True)
class BlockingRule:
    """Records that agree on all `keys` are compared; without keys, everybody with everybody.

    A key is a column, or a column with a derivation: `surname_latin|first4`, `birth_date|year`,
    `surname_latin|sound`, `phone*` (any of the values of both). Of `company_words|words` (its rarest words),
    `address|grams` (sketches of its letters) and `company_latin|initials` a value has several keys: one in common
    is enough.
    """

    keys: tuple[str, ...]

    @property
    def name(self) -> str:
        """How reports call it."""
        return " + ".join(self.keys) or "everybody"

    @property
    def columns(self) -> frozenset[str]:
        """The columns its keys are made of."""
        return frozenset(key.split("|")[0] for key in self.keys)


@dataclass(frozen=True)
class Frequencies:
    """How often texts occur, none of which stands here.

    `among`: how many records hold a value, each column of a star counted (of words: how many distinct values there
    are). `pairs`: of values, the sum of n(n - 1) over them, n being the records that hold one. `unlisted`: how many
    hold a text that is not listed, see `engines.local.statistics`. `listed`: the texts that most hold, as hashes with
    counts, see `model.packing`.
    """

    among: int
    pairs: int = 0
    unlisted: float = 1.0
    listed: str = field(default="", repr=False)


@dataclass(frozen=True)
class Statistics:
    """What a model knows of the data it was counted on, so that a pair weighs the same whatever else is there.

    `records`: how many there were. `values`: column (`phone` for all of phone, phone_2, …) → how many records hold its
    values. `words`: column, or what columns share (`name`) → how many distinct values hold the words in them.
    """

    records: int
    values: dict[str, Frequencies] = field(default_factory=dict)
    words: dict[str, Frequencies] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """Everything `resolve` needs to know about matching. Of a pair it says the same whatever other records there are.

    `matches_per_record`: how many other records of the same person a record has on average; with the number of
    records in `statistics` it makes the prior. `relatives_per_record` likewise; 0: no relatives are reckoned with.
    `match_threshold`, `review_threshold`: bits. `narrowing`: keys added, in this order, to blocks of more than
    `block_rows_max` records. `survivorship`: field → rule of golden records, "*" is the default, and `display`: field →
    how they show it (see `model.survivorship`). `conventions`: channel → how
    its values are read, as it said or as its columns showed when first read. `unique_channels`: no two
    records of one of these are one customer. `facts`: how it was trained. `statistics`: how common values and words
    are, frozen; None: whoever needs them counts them on the records at hand.
    """

    comparisons: tuple[Comparison, ...]
    blocking: tuple[BlockingRule, ...]
    narrowing: tuple[str, ...] = ()
    block_rows_max: int = 200
    matches_per_record: float = 0.0
    relatives_per_record: float = 0.0
    match_threshold: float = 0.0
    review_threshold: float = -5.0
    survivorship: dict[str, str] = field(default_factory=lambda: {"*": "most_recent"})
    display: dict[str, str] = field(default_factory=dict)
    conventions: dict[str, Conventions] = field(default_factory=dict)
    unique_channels: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    statistics: Statistics | None = field(default=None, repr=False)

    @property
    def trained(self) -> bool:
        """Whether its probabilities have been estimated."""
        return self.matches_per_record > 0

    def _repr_html_(self) -> str:
        from custid.model.card import as_html

        return as_html(self)

    def with_facts(self, **facts: Any) -> Model:
        """The same model, knowing more about how it came to be."""
        return replace(self, facts={**self.facts, **facts})

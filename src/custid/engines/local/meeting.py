"""By which blocking rules two records meet, and where they miss each other.

In: comparable values of two records, a model, LARGE_BLOCKS. Out: a `Meeting` for each rule. Never here: other records;
the numbers of `trails` tell whether two are in one block, whoever else is in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from custid.engines.local.blocking import narrowing_of
from custid.engines.local.columns import Columns
from custid.engines.local.derivations import derive
from custid.engines.local.several import SEVERAL, initials_of
from custid.engines.local.statistics import dictionary_of
from custid.engines.local.trails import Large, Steps, Trails, ways_of
from custid.model.default import candidate_rules
from custid.model.spec import BlockingRule, Model

#: What a block that no key parts any more is chopped by.
BY_LOT = "lot"


@dataclass(frozen=True)
class KeyPair:
    """One blocking key of two records: what each has for it, in words; `agree`: they have one in common."""

    key: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    agree: bool


@dataclass(frozen=True)
class Meeting:
    """How two records fare by one rule.

    `outcome`: "met"; "missing", one of them has nothing for a key; "differs", they have something else; "narrowed",
    their block has `records` records, more than allowed, and they part on the key that narrows it (or by lot, the last
    resort). `keys`: all keys of the rule; of a narrowed block also the one they part on, at the end.
    """

    rule: str
    outcome: str
    keys: tuple[KeyPair, ...]
    records: int = 0

    @property
    def parting(self) -> tuple[KeyPair, ...]:
        """The keys that keep the two from meeting."""
        return tuple(found for found in self.keys if not found.agree)


def meetings(values: pa.Table, model: Model, large: pa.Table) -> list[Meeting]:
    """A `Meeting` for each rule of the model. `values`: comparable values of two records, the left one first."""
    columns = Columns(values, model.statistics)
    blocks = Large(large)
    trails = Trails(columns, model)
    steps, _ = trails.steps(blocks)
    return [_meeting(columns, model, number, trails, steps, blocks) for number in range(len(model.blocking))]


def rules_that_would(values: pa.Table, model: Model) -> list[BlockingRule]:
    """Rules, of those worth considering, that the model lacks and by which these two records would meet."""
    columns = Columns(values, model.statistics)
    counted = model.statistics.words if model.statistics is not None else {}
    offered = candidate_rules({name: 1.0 for name in columns if columns[name].filled == columns.rows})
    return [
        rule
        for rule in offered
        if rule.keys
        and rule not in model.blocking
        # How rare words are is counted only where the model asks for it.
        and not any(key.endswith("|words") and dictionary_of(key.partition("|")[0]) not in counted for key in rule.keys)
        and all(_agree(columns, key) for key in rule.keys)
    ]


def _meeting(columns: Columns, model: Model, number: int, trails: Trails, steps: Steps, blocks: Large) -> Meeting:
    rule = model.blocking[number]
    keys = tuple(_pair(columns, key) for key in rule.keys)
    if not all(found.agree for found in keys):
        missing = any(not (found.left and found.right) for found in keys)
        return Meeting(rule.name, "missing" if missing else "differs", keys)
    own = steps.rule == number
    first, second = (set(steps.keys[own & (steps.rows == row)].tolist()) for row in (0, 1))
    shared = own & [key in first and key in second for key in steps.keys.tolist()]
    if (shared & steps.last).any():
        return Meeting(rule.name, "met", keys)
    depth = int(steps.depth[shared].max())
    records = int(blocks.of(steps.keys[shared & (steps.depth == depth)]).max())
    if depth + 1 == trails.deepest(number):
        parting = KeyPair(BY_LOT, (), (), False)
    else:
        parting = _pair(columns, narrowing_of(rule, model.narrowing)[depth])
    return Meeting(rule.name, "narrowed", (*keys, parting), records)


def _pair(columns: Columns, key: str) -> KeyPair:
    return KeyPair(key, _texts(columns, key, 0), _texts(columns, key, 1), _agree(columns, key))


def _agree(columns: Columns, key: str) -> bool:
    """Whether the two rows have a number of a key in common; 0 is none."""
    ways = ways_of(columns, key)
    left, right = ({int(numbers[row]) for numbers in ways} - {0} for row in (0, 1))
    return bool(left & right)


def _texts(columns: Columns, key: str, row: int) -> tuple[str, ...]:
    """What a row has for a key, to be read: of sketches, the text they are of."""
    name, _, derivation = key.partition("|")
    found: list[str] = []
    for column in columns.expand(name):
        code = int(column.codes[row])
        if code < 0:
            continue
        value = str(column.dictionary.values[code])
        if derivation == "words":
            words = [int(codes[code]) for codes in column.dictionary.several(derivation).codes]
            found += [column.dictionary.vocabulary[word].as_py() for word in words if word >= 0]
        elif derivation == "initials":
            found += initials_of(value)
        elif derivation in SEVERAL or not derivation:
            found.append(value)
        else:
            found += _derived(derivation, value)
    return tuple(dict.fromkeys(found))


def _derived(derivation: str, value: str) -> Iterable[str]:
    made = derive(derivation, pa.array([value], pa.large_string()))[0].as_py()
    return [made] if made else []

"""recordlinkage, set up as its guide to deduplication does it, with its classifier that needs no labels (ECM).

Blocks on one column each, united; where that would make more than `PAIRS_MAX` pairs, on two columns each. Strings by
Jaro–Winkler with the guide's threshold of .85, everything else exactly. Links are closed transitively, which the
toolkit leaves to its user.
"""

from __future__ import annotations

from itertools import combinations

import job
import numpy as np
import pandas as pd
import recordlinkage
from recordlinkage.index import Block

PAIRS_MAX = 3_000_000
TEXT = ("given_name", "surname", "company", "address", "city", "birth_place", "occupation", "email", "middle_name")
EXACT = (
    "birth_date",
    "phone",
    "national_id",
    "loyalty_id",
    "postcode",
    "region",
    "street_number",
    "sex",
    "nationality",
)
KEYS = [
    "given_name",
    "surname",
    "company",
    "birth_date",
    "email",
    "phone",
    "national_id",
    "loyalty_id",
    "address",
    "postcode",
]

task = job.read()
frame = task.records.set_index("record_id")
text = [name for name in TEXT if name in frame]
exact = [name for name in EXACT if name in frame and not (name == "street_number" and "address" not in frame)]
keys = [name for name in KEYS if name in frame]


def pairs(columns: list[str]) -> int:
    counts = frame.dropna(subset=columns).groupby(columns).size()
    return int((counts * (counts - 1) // 2).sum())


rules = [[name] for name in keys]
if sum(map(pairs, rules)) > PAIRS_MAX:
    # What is nearly unique stays by itself; everything else in twos.
    alone = [rule for rule in rules if pairs(rule) <= 2 * len(frame)]
    rest = [rule[0] for rule in rules if rule not in alone]
    rules = alone + [list(two) for two in combinations(rest, 2) if pairs(list(two)) <= PAIRS_MAX]
    rules = rules or [[keys[0]]]
numbered = frame.reset_index(drop=True)
indexer = recordlinkage.Index([Block(rule) for rule in rules])
candidates = indexer.index(numbered)

compare = recordlinkage.Compare()
for name in text:
    compare.string(name, name, method="jarowinkler", threshold=0.85, label=name)
for name in exact:
    compare.exact(name, name, label=name)
features = compare.compute(candidates, numbered)
notes = []
# Its ECM wants both values in every column.
features = features.loc[:, features.nunique() > 1]
if features.shape[1] > 1:
    links = recordlinkage.ECMClassifier().fit_predict(features.astype(int))
else:
    notes.append("one column: links where it agrees")
    links = features.index[features.iloc[:, 0] == 1] if features.shape[1] else candidates
left = np.asarray(links.get_level_values(0), np.int64)
right = np.asarray(links.get_level_values(1), np.int64)
job.answer(task, pd.Series(frame.index), job.groups(len(frame), left, right), candidates=len(candidates), notes=notes)

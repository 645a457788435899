"""recordlinkage, set up as its guide to deduplication does it, with its classifier that needs no labels (ECM).

Up to `SMALL` records, blocks on one column each, united, as the guide does; above, on two columns each, one of them
personal, since ECM goes astray where hardly any candidate is a match. Strings by Jaro–Winkler with the guide's
threshold of .85, everything else exactly. Links are closed transitively, which the toolkit leaves to its user.
"""

from __future__ import annotations

from itertools import combinations

import job
import numpy as np
import pandas as pd
import recordlinkage
from recordlinkage.index import Block

SMALL = 10_000
PERSONAL = {"given_name", "birth_date", "company", "national_id", "loyalty_id"}
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


if len(frame) <= SMALL:
    rules = [[name] for name in keys]
else:
    rules = [list(two) for two in combinations(keys, 2) if PERSONAL & set(two)] or [[name] for name in keys]
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

"""What speaks for and against pairs of records, in bits.

In: comparable values, a trained model, pairs of record keys. Out: plain data. Never here: choosing pairs; words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from custid.engines.local.columns import Columns
from custid.engines.local.scoring import EXCLUDING_BITS, Scorer
from custid.model.spec import Model

Keys = npt.NDArray[np.int64]


class Evidence:
    """One table of comparable values and one model, ready to be asked about pairs of its records."""

    def __init__(self, values: pa.Table, model: Model) -> None:
        self._keys = values["record_key"].to_numpy()
        self._order = np.argsort(self._keys)
        self._scorer = Scorer(Columns(values, model.statistics), model)
        self._model = model

    def weights(self, left: Keys, right: Keys) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Per pair its match weight in bits, and whether what the two hold speaks against one person."""
        scored = self._scorer.score(*self._rows(left, right), at_least=-np.inf)
        return scored.weights, scored.evidence < 0

    def told(self, left: int, right: int) -> dict[str, Any]:
        """A pair as an account: `prior` bits, `parts` (comparison, level, bits; None where a level excludes), `home`
        bits that go for what may be shared by relatives, and their sum, `match_weight`."""
        rows = self._rows(np.array([left]), np.array([right]))
        scored = self._scorer.score(*rows, at_least=-np.inf)
        parts = self._scorer.parts(*rows)[0]
        weight = float(scored.weights[0])
        prior = float(np.log2(self._model.matches_per_record / max(2, self._scorer.statistics.records)))
        excluded = weight < -EXCLUDING_BITS / 2
        return {
            "match_weight": None if excluded else round(weight, 2),
            "prior": round(prior, 2),
            "parts": [
                {"comparison": name, "level": level, "bits": None if bits < -EXCLUDING_BITS / 2 else bits}
                for name, level, bits in parts
            ],
            "home": 0.0 if excluded else round(weight - prior - sum(bits for _, _, bits in parts), 2),
        }

    def _rows(self, left: Keys, right: Keys) -> tuple[Keys, Keys]:
        one, other = (self._order[np.searchsorted(self._keys, side, sorter=self._order)] for side in (left, right))
        return np.minimum(one, other), np.maximum(one, other)

"""How good matching is: against known truth, or estimated from pairs that somebody labelled.

In: channels, and what is known of the truth. Out: an `Evaluation`; figures, tables. Never here: changing anything.
"""

from __future__ import annotations

from custid.evaluate.evaluation import Evaluation, draw_pairs, evaluate
from custid.evaluate.quality import (
    ClusterQuality,
    PairQuality,
    RecordQuality,
    cluster_quality,
    pair_quality,
    record_quality,
)

__all__ = [
    "ClusterQuality",
    "Evaluation",
    "PairQuality",
    "RecordQuality",
    "cluster_quality",
    "draw_pairs",
    "evaluate",
    "pair_quality",
    "record_quality",
]

"""What a model says of each comparison level, as plain data to draw.

In: a `Model`. Out: a dict. Never here: drawing.
"""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from custid.model.spec import Level, Model


def weights_of(model: Model) -> dict[str, Any]:
    """`comparisons`: name, and `levels` (label, m, u, h, bits, excludes, by_rarity); bits None: not learned yet.
    `prior_bits`: what speaks for any two records before they are compared (None: not known)."""
    known = model.statistics
    prior = None
    if model.matches_per_record > 0 and known is not None:
        prior = round(log2(model.matches_per_record / max(2, known.records)), 2)
    return {
        "match_threshold": model.match_threshold,
        "review_threshold": model.review_threshold,
        "prior_bits": prior,
        "blocking": [rule.name for rule in model.blocking],
        "comparisons": [
            {
                "name": comparison.name,
                "levels": [
                    {
                        "label": level.label,
                        "m": level.m,
                        "u": level.u,
                        "h": level.h,
                        "bits": bits_of(level),
                        "excludes": level.excludes,
                        "by_rarity": bool(level.term_frequency),
                    }
                    for level in comparison.levels
                ],
            }
            for comparison in model.comparisons
        ],
    }


def bits_of(level: Level) -> float | None:
    """What it weighs that two records are on this level; None where that was not learned.

    >>> from custid.model.spec import Level
    >>> bits_of(Level("equal", m=0.8, u=0.1)), bits_of(Level("equal"))
    (3.0, None)
    """
    return round(log2(level.m / level.u), 2) if level.m > 0 and level.u > 0 else None

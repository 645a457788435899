"""What a person should know about a trained model before trusting it, in sentences.

In: a `Model`. Out: notes, none for a sound one. Never here: judging whether its figures are good.
"""

from __future__ import annotations

from math import log2

from custid.model.spec import Comparison, Model

#: A comparison whose every level weighs less than this, in bits, hardly says anything.
BITS_MIN = 0.1


def notes_of(model: Model) -> list[str]:
    """What training could not find out, and what that means."""
    notes = []
    facts = model.facts
    if facts.get("converged") is False:
        notes.append(
            f"training had not settled after {facts.get('rounds', 0)} rounds; its weights may be off. Check some links "
            "in review, or give it labels."
        )
    unheard = [str(name) for name in facts.get("not_learned", ())]
    if unheard:
        notes.append(
            f"how often matches agree on {', '.join(unheard)} could not be learned from these records; what is usual "
            "was assumed."
        )
    silent = [found.name for found in model.comparisons if found.name not in unheard and says_nothing(found)]
    if silent:
        notes.append(f"{', '.join(silent)} hardly tells matches from strangers in these records.")
    return notes


def says_nothing(comparison: Comparison) -> bool:
    """Whether matches and strangers are on each level about equally often.

    >>> from custid.model.spec import Level
    >>> levels = (Level("equal", m=0.51, u=0.5, h=0.5), Level("different", m=0.49, u=0.5, h=0.5))
    >>> says_nothing(Comparison("sex", ("sex",), levels))
    True
    """
    return all(level.m > 0 and level.u > 0 and abs(log2(level.m / level.u)) < BITS_MIN for level in comparison.levels)

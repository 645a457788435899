"""Where the records of a customer stand in a picture of it.

In: how many, and what ties them. Out: places. Never here: drawing, chance: the same customer always looks the same.

Springs and charges after Fruchterman and Reingold (Graph Drawing by Force-directed Placement, 1991).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_STEPS = 150


def places(count: int, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """(count, 2) numbers from 0 to 1: places in which tied ones are near and no two on each other.

    >>> found = places(3, np.array([0]), np.array([1]))
    >>> gap = lambda a, b: float(np.hypot(*(found[a] - found[b])))
    >>> gap(0, 1) < gap(0, 2) and gap(0, 1) > 0.1
    True
    """
    if count < 2:
        return np.full((count, 2), 0.5)
    turn = 2 * np.pi * np.arange(count) / count
    at = 0.5 + 0.4 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    ideal = 0.8 / np.sqrt(count)
    for step in range(_STEPS):
        apart = at[:, None] - at[None]
        distance = np.maximum(np.hypot(apart[..., 0], apart[..., 1]), 1e-3)
        force = (apart * (ideal**2 / distance**2)[..., None]).sum(axis=1)
        pull = (at[left] - at[right]) * (np.hypot(*(at[left] - at[right]).T) / ideal)[:, None]
        np.subtract.at(force, left, pull)
        np.add.at(force, right, pull)
        force -= (at - 0.5) * ideal  # who is tied to nobody does not drift away
        length = np.maximum(np.hypot(force[:, 0], force[:, 1]), 1e-9)
        at = at + force * (np.minimum(length, 0.1 * (1 - step / _STEPS)) / length)[:, None]
    low, high = at.min(axis=0), at.max(axis=0)
    return np.asarray((at - (low + high) / 2) / max(float((high - low).max()), 1e-9) + 0.5)

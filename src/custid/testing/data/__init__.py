"""Words that made-up customers are put together from: common names and places, and invented parts.

In: nothing. Out: constants. Never here: a real person, a real company, or anything random.
"""

from __future__ import annotations


def words(text: str) -> list[str]:
    """The words of a text, in order.

    >>> words("Ann Bob")
    ['Ann', 'Bob']
    """
    return text.split()

"""The stewards' desk: the queue, what speaks for and against a pair, the page, sheets for work elsewhere.

In: a registry. Out: decisions in it. Never here: deciding anything by itself.
"""

from __future__ import annotations

from custid.review.server import Serving, serve

__all__ = ["Serving", "serve"]

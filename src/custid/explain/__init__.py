"""Why records are one customer, or are not: what was decided, told from the registry as it stands.

In: a registry, records as (channel, record_id), or a customer id. Out: `Explanation`, `Why`, `WhyNot`: plain data that
shows itself as text, as HTML and as a plot.
Never here: deciding anything anew, writing, reading a whole registry. What is told uses the model and the comparable
values that the registry keeps, so it is what a run saw.
"""

from __future__ import annotations

from custid.explain.apart import WhyNot, why_not
from custid.explain.pairs import STEPS, Explanation, explain
from custid.explain.together import TREE, Why, why

__all__ = ["STEPS", "TREE", "Explanation", "Why", "WhyNot", "explain", "why", "why_not"]

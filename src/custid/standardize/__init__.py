"""Raw values to comparable values, one module per kind.

In: records with field columns. Out: `standardize(records)` → `Standardized`; `explain(record)`, how each came
about. Never here: matching.

Each name is loaded when it is first used: who only asks what fields there are need not wait for everything else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from custid.standardize.conventions import Conventions as Conventions
    from custid.standardize.explaining import EXPLAINED as EXPLAINED
    from custid.standardize.explaining import explain as explain
    from custid.standardize.table import JUNK as JUNK
    from custid.standardize.table import Standardized as Standardized
    from custid.standardize.table import standardize as standardize

_HOMES = {
    "Conventions": "conventions",
    "EXPLAINED": "explaining",
    "JUNK": "table",
    "Standardized": "table",
    "explain": "explaining",
    "standardize": "table",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value

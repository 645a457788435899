"""custid finds which records are the same customer, and gives every customer one lasting id.

Public names only, each loaded when it is first used: `import custid` opens no file and loads nothing heavy.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from custid.channels.spec import Channel as Channel
    from custid.errors import ConfigError as ConfigError
    from custid.errors import CustidError as CustidError
    from custid.errors import InputError as InputError
    from custid.errors import RegistryError as RegistryError
    from custid.errors import RunConflict as RunConflict
    from custid.errors import UnknownCustomer as UnknownCustomer
    from custid.errors import UsageError as UsageError
    from custid.explain import explain as explain
    from custid.explain import why as why
    from custid.explain import why_not as why_not
    from custid.finding import connect as connect
    from custid.model.spec import Model as Model
    from custid.registries.base import Registry as Registry
    from custid.report import report as report
    from custid.resolve import Run as Run
    from custid.resolve import resolve as resolve
    from custid.story.measures import measure as measure
    from custid.story.spec import Interactions as Interactions
    from custid.story.spec import Rules as Rules
    from custid.tables import Table as Table
    from custid.train import train as train

__version__ = "0.1.0"

#: Public name → the module that has it.
_HOMES = {
    "resolve": "custid.resolve",
    "Run": "custid.resolve",
    "train": "custid.train",
    "Channel": "custid.channels.spec",
    "connect": "custid.finding",
    "report": "custid.report",
    "explain": "custid.explain",
    "why": "custid.explain",
    "why_not": "custid.explain",
    "Interactions": "custid.story.spec",
    "Rules": "custid.story.spec",
    "measure": "custid.story.measures",
    "Registry": "custid.registries.base",
    "Model": "custid.model.spec",
    "Table": "custid.tables",
    "CustidError": "custid.errors",
    "UsageError": "custid.errors",
    "ConfigError": "custid.errors",
    "InputError": "custid.errors",
    "RegistryError": "custid.errors",
    "RunConflict": "custid.errors",
    "UnknownCustomer": "custid.errors",
}

__all__ = ["__version__", *_HOMES]


class _Package(ModuleType):
    """Importing the module `custid.resolve` would put it over the function of that name; here it does not."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'custid' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Every error custid raises on purpose.

::

    CustidError                    exit code 1
    ├── UsageError                 exit code 2: the call or the command line is wrong
    │   └── ConfigError            customers.toml or a model file is wrong
    ├── InputError                 a channel cannot be taken as it is
    │   └── MassRetirement         a snapshot would retire more than its stated share
    ├── RegistryError              the registry refuses or cannot be used
    │   ├── NotARegistry           the file is damaged or was not written by custid
    │   ├── RegistryTooNew         written by a newer custid
    │   ├── RegistryBusy           another process holds the file
    │   ├── RunConflict            another run landed since this one read its state
    │   ├── DecisionConflict       a decision contradicts an earlier one
    │   └── CodeConflict           a customer code would be two customers'
    ├── UnknownCustomer            no such customer id, record or run
    └── MissingExtra               an optional part of custid is not installed

A message says what, where and what next, in that order, and fits a terminal line or three.
"""

from __future__ import annotations


class CustidError(Exception):
    """Base of all errors custid raises on purpose; `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(CustidError):
    """The call is wrong: arguments that do not fit, a name that does not exist."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration or model file is wrong: a misspelt key, a value of the wrong kind."""


class InputError(CustidError):
    """A channel's file or frame cannot be taken: missing, unreadable, without its key column."""


class MassRetirement(InputError):
    """A snapshot lacks more of the known records than its `retire_share_max` allows."""


class RegistryError(CustidError):
    """The registry refuses, or cannot be opened."""


class NotARegistry(RegistryError):
    """The file is damaged, or is not a custid registry."""


class RegistryTooNew(RegistryError):
    """The registry was written by a newer custid."""


class RegistryBusy(RegistryError):
    """Another process holds the registry."""


class RunConflict(RegistryError):
    """Another run landed between reading the state and committing; nothing was written."""


class DecisionConflict(RegistryError):
    """A decision contradicts an earlier one; both are named."""


class CodeConflict(RegistryError):
    """A customer code would answer with two customers; both are named."""


class UnknownCustomer(CustidError):
    """No customer, record or run answers to what was asked for."""


class MissingExtra(CustidError):
    """An optional part is not installed; the message names the extra."""

"""Channels: files and frames become records and rejects.

In: `Channel`, which says what a source is. Out: `read` → `Reading`; `look` → `Look`, the same without its
rows. Never here: making values comparable, or knowing earlier runs.
"""

from __future__ import annotations

from custid.channels import roles
from custid.channels.reading import Look, Reading, country_of, decisions_of, look, read
from custid.channels.refusing import without
from custid.channels.roles import Role
from custid.channels.spec import Channel

__all__ = ["Channel", "Look", "Reading", "Role", "country_of", "decisions_of", "look", "read", "roles", "without"]

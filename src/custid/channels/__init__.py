"""Channels: files and frames become records and rejects.

In: `Channel`, which says what a source is. Out: `read` → `Reading`; `look` → `Look`, the same without its
rows; `survey` → `Survey`, of a sample where there are many. Never here: making values comparable, or knowing earlier
runs.
"""

from __future__ import annotations

from custid.channels import roles
from custid.channels.conventions import Judged, conventions_of, said_by
from custid.channels.reading import Look, Reading, Survey, decisions_of, look, read, survey
from custid.channels.refusing import without
from custid.channels.roles import Role
from custid.channels.spec import Channel

__all__ = [
    "Channel",
    "Judged",
    "Look",
    "Reading",
    "Role",
    "Survey",
    "conventions_of",
    "decisions_of",
    "look",
    "read",
    "roles",
    "said_by",
    "survey",
    "without",
]

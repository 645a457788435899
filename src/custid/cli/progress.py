"""How far a run is, on stderr: a bar on a terminal, a line per stage elsewhere (a log).

In: calls of (stage, done, total). Out: text. Never here: anything a run depends on.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

import typer

#: Stage → what is said of it.
_SAYS = {
    "read": "reading the channels",
    "profile": "looking at columns",
    "standardize": "making values comparable",
    "train": "learning what counts",
    "match": "comparing records",
    "cluster": "finding the customers",
    "assign": "assigning ids",
    "golden": "choosing golden values",
    "commit": "writing the registry",
}

#: Seconds between two lines about one stage in a log.
_LINE_EVERY_S = 10.0


class Shown:
    """A `Progress` to use in a `with`; `stage` is the stage last heard of."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.stage = ""
        self._bar: Any = None
        self._task: Any = None
        self._quiet = quiet
        self._began = self._said = 0.0

    def __enter__(self) -> Shown:
        if not self._quiet and sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        began = stage != self.stage
        self.stage = stage
        if self._quiet:
            return
        says = _SAYS.get(stage, stage)
        if self._bar is not None:
            self._on_terminal(says, began, done, total)
        else:
            self._in_log(says, began, done, total)

    def _on_terminal(self, says: str, began: bool, done: int, total: int) -> None:
        if began:
            self._finish()
            self._task = self._bar.add_task(says, total=None)
        self._bar.update(self._task, completed=done, total=total or None)

    def _finish(self) -> None:
        """The stage before is done; its bar stays, full."""
        if self._task is not None:
            self._bar.update(self._task, total=1, completed=1)
            self._bar.stop_task(self._task)

    def _in_log(self, says: str, began: bool, done: int, total: int) -> None:
        now = time.monotonic()
        if began:
            self._began = self._said = now
            typer.echo(f"custid: {says}", err=True)
        elif total and now - self._said >= _LINE_EVERY_S:
            self._said = now
            left_s = (now - self._began) * (total - done) / max(1, done)
            typer.echo(f"custid: {says}: {done / total:.0%}, about {left_s:.0f} s left", err=True)


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Steps per second, where the stage counts many."""

        def render(self, task: Any) -> Text:
            speed = task.speed if (task.total or 0) > 1 and not task.finished else None
            return Text(f"{_short(speed)}/s" if speed else "", style="progress.data.speed")

    return Progress(
        TextColumn("{task.description:<26}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>4.0f}%"),
        Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
    )


def _short(number: float) -> str:
    """
    >>> _short(950), _short(12_345), _short(3_400_000)
    ('950', '12k', '3.4M')
    """
    if number >= 1_000_000:
        return f"{number / 1_000_000:.1f}M"
    return f"{number / 1_000:.0f}k" if number >= 1_000 else f"{number:.0f}"

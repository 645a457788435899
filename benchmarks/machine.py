"""What a benchmark ran on, and how to run one in a process of its own.

In: a command. Out: its answer, CPU seconds, elapsed seconds, peak memory. Never here: what is measured.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def peak_mb() -> float:
    """The most memory this process has held so far, in MB.

    Linux hands the figure of `getrusage` on from the process that started this one; VmHWM starts afresh.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    scale = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def forget_peak() -> None:
    """Let `peak_mb` start afresh from what is held now, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def run(command: list[str], *, timeout_s: float) -> dict[str, Any]:
    """Run `command` in a process of its own.

    Its last line of output is JSON with what it wants to tell, `peak_mb` among it. Comes back with `cpu_s` (user and
    system time of the process and those it waited for, from start to end) and `elapsed_s` added; with `error`
    instead when it failed or took more than `timeout_s` CPU or elapsed seconds.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, text=True, cwd=ROOT)
        pid, status, usage = 0, 0, None
        while pid == 0:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid == 0 and time.perf_counter() - started > timeout_s:
                process.kill()
                os.wait4(process.pid, 0)
                process.returncode = -9
                return {"error": f"stopped after {timeout_s:.0f} s", "elapsed_s": timeout_s}
            time.sleep(0.05)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        lines = out.read().strip().splitlines()
        if process.returncode != 0 or not lines:
            tail = err.read().strip().splitlines()
            return {"error": tail[-1] if tail else f"ended with {process.returncode}", "log": tail[-30:]}
        assert usage is not None
        return {
            **json.loads(lines[-1]),
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "elapsed_s": time.perf_counter() - started,
        }


def facts() -> dict[str, Any]:
    """Machine, versions and commit."""
    import custid

    return {
        "custid": custid.__version__,
        "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain", "src") else ""),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "measured_at": datetime.now(UTC).isoformat(timespec="minutes"),
    }


def facts_line(found: dict[str, Any]) -> str:
    """The facts as one line of Markdown."""
    return (
        f"custid {found['custid']} ({found['commit']}), Python {found['python']}, {found['system']}, "
        f"{found['processor']}, {found['cores']} cores, {found['memory_gib']} GiB, {found['measured_at']}"
    )


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"

"""What `import custid` gives, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import custid

HEAVY = ["numpy", "pandas", "pyarrow", "duckdb", "rapidfuzz", "scipy", "opencc", "phonenumbers", "rich"]


def in_a_fresh_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_custid_loads_nothing_heavy() -> None:
    heavy = [*HEAVY, "typer", "cattrs"]
    code = f"import sys, custid; print([name for name in {heavy!r} if name in sys.modules])"
    assert in_a_fresh_python(code) == "[]"


def test_the_command_line_itself_loads_nothing_heavy() -> None:
    code = f"import sys, custid.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert in_a_fresh_python(code) == "[]"


@pytest.mark.parametrize("name", custid.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(custid, name) is not None
    assert name in dir(custid)


def test_resolve_stays_the_function_when_its_module_is_imported_first() -> None:
    code = "import custid.resolve; from custid.resolve import Run; print(callable(custid.resolve))"
    assert in_a_fresh_python(code) == "True"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'reslove'"):
        _ = custid.reslove  # type: ignore[attr-defined]


def test_the_version_is_that_of_the_package() -> None:
    assert custid.__version__ == version("custid")

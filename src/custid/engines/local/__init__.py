"""The default engine: everything in this process, over Arrow, NumPy and RapidFuzz."""

from custid.engines.local.engine import LocalEngine

__all__ = ["LocalEngine"]

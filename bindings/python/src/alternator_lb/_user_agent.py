"""What discovery and clients call themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from ._version import VERSION

# Unless told otherwise; a `UserAgentCustomizer` is given it.
DEFAULT_USER_AGENT: Final = f"alternator-lb-python/{VERSION}"

UserAgentCustomizer: TypeAlias = Callable[[str], str]
UserAgent: TypeAlias = str | UserAgentCustomizer

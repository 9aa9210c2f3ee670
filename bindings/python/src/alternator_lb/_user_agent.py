"""What discovery and clients call themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from ._check import refused
from ._version import VERSION

# Unless told otherwise; a `UserAgentCustomizer` is given it.
DEFAULT_USER_AGENT: Final = f"alternator-lb-python/{VERSION}"

UserAgentCustomizer: TypeAlias = Callable[[str], str]
UserAgent: TypeAlias = str | UserAgentCustomizer


def sent_user_agent(user_agent: UserAgent | None) -> str | None:
    """The header as it is sent; None if it is not."""
    text = user_agent(DEFAULT_USER_AGENT) if callable(user_agent) else user_agent
    if text is None or (isinstance(text, str) and text.isprintable() and text.isascii()):
        return text
    raise refused("user_agent", text, "printable ASCII text, a function of the default that gives one, or None")

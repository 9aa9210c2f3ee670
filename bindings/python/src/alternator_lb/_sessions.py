"""Sessions of botocore and aiobotocore that read no AWS_* variable and no file, so that clients are what they are made to be."""

from __future__ import annotations

import os
from typing import Any


def new_session(kind: Any) -> Any:
    """`kind` is botocore's class of sessions, or one derived from it."""
    variables = {
        name: (in_file, None, default, convert) for name, (in_file, _, default, convert) in kind.SESSION_VARIABLES.items()
    }
    for name in ("config_file", "credentials_file"):
        variables[name] = (None, None, os.devnull, None)
    return kind(session_vars=variables)

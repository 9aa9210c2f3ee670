"""What a balancer's options ask of the hooks of its clients. Works without botocore."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class HookOptions:
    # Whether writes may go by their partition key, which the core then reads from their bodies.
    by_key: bool = False
    # Who makes the DescribeTable requests that the core wants: the call that finds it so, a thread, or nobody.
    describe: Literal["inline", "thread", "never"] = "inline"

"""One API call of a patched client: the attempt under way (if any), the nodes tried before it, and its query plan.

All attempts of a call share botocore's request context, and with it one `Call`. It makes two native calls for an attempt, three
for the first one of a call that goes by its partition key. A call that is dropped in mid-attempt reports that attempt as
cancelled, so whatever ends a call (KeyboardInterrupt, a timeout of gevent, a cancelled task), nothing stays open in the core.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import Final

from . import _native, _outcome
from ._core import Core

CONTEXT_KEY: Final = "alternator_lb"


class Call:
    __slots__ = ("core", "ended_ns", "node_id", "outcome", "plan", "started_ns", "tried", "upcoming")

    def __init__(self, core: Core, plan: _native.Plan | None = None) -> None:
        self.started_ns = 0
        self.upcoming = -1
        self.ended_ns = 0
        self.core = core
        self.plan = plan
        self.tried: tuple[int, ...] = ()
        self.node_id = -1

    @classmethod
    def by_key(cls, core: Core, operation: bytes, body: bytes) -> Call:
        """A call whose plan the core makes from the request: for its partition key, if it is a request to go by it."""
        plan = _native.Plan()
        status = core.alb_plan_for_request(core.handle, operation, len(operation), body, len(body), plan)
        if status < 0:
            raise core.error(status)
        return cls(core, plan)

    def __del__(self) -> None:
        if self.started_ns or self.upcoming >= 0:
            self.abandon()

    def abandon(self) -> None:
        """Ends what is open: the attempt under way, or one whose node was chosen and that will not be made."""
        if self.upcoming >= 0:
            self.start_attempt()
        if self.started_ns:
            self.end_attempt(_native.OUTCOME_CANCELLED)

    def start_attempt(self) -> None:
        """Chooses the attempt's node: the one that a retry was promised, else the next of the plan."""
        core = self.core
        if self.node_id < 0 and self.plan is None:
            # Most calls need no second attempt, and so no plan.
            node_id = core.alb_next_node(core.handle, None)
        elif self.upcoming >= 0:
            node_id, self.upcoming = self.upcoming, -1
        else:
            node_id = self._next_of_plan()
        if node_id < 0:
            raise core.error(node_id)
        self.node_id = node_id
        self.started_ns = perf_counter_ns()

    def _next_of_plan(self) -> int:
        """The plan's next node, or a negative status."""
        core = self.core
        if self.plan is None:
            self.plan = _native.Plan()
            status: int = core.alb_plan_after(core.handle, self.node_id, self.plan)
            if status < 0:
                return status
        node_id: int = core.alb_plan_next(core.handle, self.plan, None)
        return node_id

    def end_attempt(self, outcome: int) -> None:
        self.outcome = outcome
        self.ended_ns = perf_counter_ns()
        core = self.core
        core.alb_report(core.handle, self.node_id, outcome, (self.ended_ns - self.started_ns) // 1000)
        self.started_ns = 0

    def may_hurry(self) -> bool:
        """Whether a retry need not wait: this node failed, and the next one has not been tried in this call yet."""
        self.tried = (*self.tried, self.node_id)
        if self.outcome not in _outcome.NODE_FAILED:
            return False
        # A negative status is the next attempt's to tell.
        self.upcoming = self._next_of_plan()
        return self.upcoming not in self.tried

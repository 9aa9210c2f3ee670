"""One API call of a patched client: the attempt under way (if any), the nodes tried before it, and its query plan.

All attempts of a call share botocore's request context, and with it one `Call`. It makes two native calls for an attempt, three
for the first one of a call that goes by its partition key. A call that is dropped in mid-attempt reports that attempt as
cancelled, so whatever ends a call (KeyboardInterrupt, a timeout of gevent, a cancelled task), nothing stays open in the core.
"""

from __future__ import annotations

from ctypes import byref
from time import perf_counter_ns
from typing import Final

from . import _native, _outcome
from ._core import Core
from ._native import as_size, as_uint64

CONTEXT_KEY: Final = "alternator_lb"


def plan_by_key(core: Core, operation: bytes, body: bytes) -> _native.Plan:
    """The plan that the core makes from a request: for its partition key, if it is a request to go by it."""
    plan, alb_plan_for_request = _native.Plan(), core.alb_plan_for_request
    name_len, body_len = as_size(len(operation)), as_size(len(body))
    status: int = alb_plan_for_request(core.pointer, operation, name_len, body, body_len, byref(plan))
    if status < 0:
        raise core.error(status)
    return plan


class Call:
    # (On the way of every request, functions are taken out of the core before they are called: an attribute that is called at
    # once is looked for among the methods first, and that cannot be sped up by the interpreter.)
    __slots__ = ("core", "ended_ns", "node_id", "outcome", "plan", "started_ns", "tried", "upcoming")

    def __init__(self, core: Core, plan: _native.Plan | None) -> None:
        """Begins the first attempt, at the plan's first node. Most calls need no second one, and so no plan."""
        self.started_ns = 0
        self.upcoming = -1
        self.core = core
        self.plan = plan
        self.tried: tuple[int, ...] = ()
        if plan is None:
            alb_next_node = core.alb_next_node
            node_id: int = alb_next_node(core.pointer, None)
        else:
            alb_plan_next = core.alb_plan_next
            node_id = alb_plan_next(core.pointer, byref(plan), None)
        if node_id < 0:
            raise core.error(node_id)
        self.node_id = node_id
        self.started_ns = perf_counter_ns()

    def __del__(self) -> None:
        try:
            if self.started_ns or self.upcoming >= 0:
                self.abandon()
        except AttributeError:
            # KeyboardInterrupt came before the first line of the constructor.
            pass

    def abandon(self, error: BaseException | None = None) -> None:
        """Ends what is open: the attempt under way, or one whose node was chosen and that will not be made."""
        if self.upcoming >= 0:
            self.start_attempt()
        if self.started_ns:
            self.end_attempt(_outcome.of_unseen(error))

    def start_attempt(self) -> None:
        """Begins another attempt: at the node that a retry was promised, else at the next of the plan."""
        node_id, self.upcoming = self.upcoming, -1
        if node_id < 0:
            node_id = self._next_of_plan()
        if node_id < 0:
            raise self.core.error(node_id)
        self.node_id = node_id
        self.started_ns = perf_counter_ns()

    def _next_of_plan(self) -> int:
        """The plan's next node, or a negative status."""
        core = self.core
        if self.plan is None:
            self.plan = _native.Plan()
            status: int = core.alb_plan_after(core.pointer, self.node_id, byref(self.plan))
            if status < 0:
                return status
        node_id: int = core.alb_plan_next(core.pointer, byref(self.plan), None)
        return node_id

    def end_attempt(self, outcome: int) -> None:
        core, self.outcome = self.core, outcome
        self.ended_ns = ended_ns = perf_counter_ns()
        alb_report = core.alb_report
        alb_report(core.pointer, self.node_id, outcome, as_uint64((ended_ns - self.started_ns) // 1000))
        self.started_ns = 0

    def may_hurry(self) -> bool:
        """Whether a retry need not wait: this node failed, and the next one has not been tried in this call yet."""
        self.tried = (*self.tried, self.node_id)
        if self.outcome not in _outcome.NODE_FAILED:
            return False
        # A negative status is the next attempt's to tell.
        self.upcoming = self._next_of_plan()
        return self.upcoming not in self.tried

"""`Helper`: one object that owns clients, resources and what they know of the cluster."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, cast

from . import _mapping, _official, errors
from ._sync import SyncBalancer
from .auth import Auth
from .config import Config
from .sync_client import started

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource

# "As it was", where None means something else.
UNCHANGED: Final = object()


class Helper:
    """Starts when it is entered, or with the first call that needs the cluster; `stop` ends all clients made by it."""

    def __init__(self, config: Config, *, auth: Auth | None = None, **boto_kwargs: Any) -> None:
        _mapping.authentication(config, auth, boto_kwargs)
        self._config = config
        self._auth = auth
        self._boto_kwargs = boto_kwargs
        self._balancer: SyncBalancer | None = None

    @property
    def config(self) -> Config:
        return self._config

    def update(self, config: Config | None = None, *, auth: Auth | object | None = UNCHANGED, **boto_kwargs: Any) -> Helper:
        """A new helper that differs in what is given. This one stays as it is."""
        who = self._auth if auth is UNCHANGED else cast("Auth | None", auth)
        return type(self)(config or self._config, auth=who, **{**self._boto_kwargs, **boto_kwargs})

    def start(self) -> Helper:
        self._started()
        return self

    def stop(self) -> None:
        """Ends the balancer and with it every client; `start` begins anew."""
        if self._balancer is not None:
            self._balancer.close()
            self._balancer = None

    def __enter__(self) -> Helper:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def client(self, **boto_kwargs: Any) -> DynamoDBClient:
        """A new boto3 client. All clients of a helper share what is known of the nodes."""
        return cast("DynamoDBClient", self._started().new_dynamodb_client(**{**self._boto_kwargs, **boto_kwargs}))

    def resource(self, **boto_kwargs: Any) -> DynamoDBServiceResource:
        """A new boto3 resource."""
        return cast("DynamoDBServiceResource", self._started().new_dynamodb_resource(**{**self._boto_kwargs, **boto_kwargs}))

    def update_live_nodes(self) -> bool:
        """Asks the cluster for its nodes now; whether it answered."""
        try:
            self._started().refresh(self._config.timeouts.discovery_seconds)
        except errors.AlternatorError:
            return False
        return True

    def next_node(self) -> str | None:
        """The host for the next request of another HTTP client."""
        return self._started().next_host()

    def get_nodes(self) -> list[str]:
        """The hosts that requests are routed to; none before the start."""
        return _official.hosts(self._balancer)

    def get_active_nodes(self) -> list[str]:
        """Those that are well."""
        return _official.hosts(self._balancer, set_aside=False)

    def get_quarantined_nodes(self) -> list[str]:
        """Those that failed, and serve only when all others were tried, until they are well again."""
        return _official.hosts(self._balancer, set_aside=True)

    def check_rack_and_datacenter_set_correctly(self) -> bool:
        """True; ConfigurationError when the cluster does not know the datacenter or rack of the routing scope."""
        self._any().check_if_rack_and_datacenter_set_correctly(self._config.timeouts.discovery_seconds)
        return True

    def check_rack_datacenter_feature_supported(self) -> bool:
        """Whether the servers can list the nodes of one datacenter or rack."""
        return self._any().check_if_rack_datacenter_feature_is_supported(self._config.timeouts.discovery_seconds)

    def get_partition_key_name(self, table_name: str) -> str | None:
        """The partition key's attribute of a table: as given, as learned, or as DescribeTable says now; None if it cannot."""
        from . import _table_keys

        return self._started().get_partition_key_name(table_name) or _table_keys.ask(self.client(), table_name)

    def _any(self) -> SyncBalancer:
        """One that can ask the cluster, also where a start would fail for its scope."""
        return self._balancer or SyncBalancer(_mapping.settings(self._config, self._auth, self._boto_kwargs))

    def _started(self) -> SyncBalancer:
        if self._balancer is None:
            self._balancer = started(self._config, self._auth, self._boto_kwargs)
        return self._balancer

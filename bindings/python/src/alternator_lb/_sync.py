"""A balancer for boto3 and botocore: new clients and resources, and patches for those that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from . import _clients
from ._balancer import Balancer

if TYPE_CHECKING:
    # Where the stubs are not installed, these are Any.
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource


class SyncBalancer(Balancer):
    def close(self) -> None:
        """Ends the balancer. Calls under way finish; later ones, also of patched clients, raise ClosedError."""
        self._end()

    def new_dynamodb_client(self, **options: Any) -> DynamoDBClient:
        """A boto3 client that uses every node. Takes what `boto3.client("dynamodb", ...)` takes."""
        client = _clients.new_client(self._sdk, self._endpoint_url(), options)
        self.patch_dynamodb_client(client)
        return cast("DynamoDBClient", client)

    def new_dynamodb_resource(self, **options: Any) -> DynamoDBServiceResource:
        """A boto3 resource that uses every node. Takes what `boto3.resource("dynamodb", ...)` takes."""
        resource = _clients.new_resource(self._sdk, self._endpoint_url(), options)
        self.patch_dynamodb_client(resource.meta.client)
        return cast("DynamoDBServiceResource", resource)

    def patch_dynamodb_client(self, client: Any) -> None:
        """Makes an existing boto3 or botocore DynamoDB client, or a boto3 resource, use every node.

        Its endpoint, credentials, timeouts and TLS settings stay as they are. Patching twice does nothing more. Patch before the
        first request: connections that are open are given up.
        """
        from . import _patches

        self.open_core()
        _patches.patch(client, self)

    def unpatch_dynamodb_client(self, client: Any) -> None:
        """Gives the client back its own endpoint."""
        from . import _patches

        _patches.unpatch(client, self)

    def patch_session(self, session: Any) -> None:
        """Makes a boto3 or botocore session patch every DynamoDB client and resource that it makes from now on."""
        from . import _patches

        self.open_core()
        _patches.patch_session(session, self)

    def unpatch_session(self, session: Any) -> None:
        """Ends `patch_session`. Clients that the session has made stay patched."""
        from . import _patches

        _patches.unpatch_session(session, self)

    def refresh(self, timeout: float = 10.0) -> None:
        """Asks the cluster for its nodes now, for at most `timeout` seconds, and for partition keys that are wanted."""
        core = self.open_core()
        try:
            core.refresh(timeout)
        finally:
            self._log_events(core)
        if self.request_settings.by_key:
            from . import _patches

            _patches.describe_wanted(self)

    def check_if_rack_and_datacenter_set_correctly(self, timeout: float = 10.0) -> None:
        """Raises ValueError when the cluster does not know the datacenter or rack of the scope."""
        self.open_core().check_scope(timeout)

    def check_if_rack_datacenter_feature_is_supported(self, timeout: float = 10.0) -> bool:
        """Whether the server can list the nodes of one datacenter or rack; RuntimeError when it could not be asked."""
        return self.open_core().scope_supported(timeout)

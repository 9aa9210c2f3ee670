"""How a new aiobotocore client for the cluster is made: of the same settings as a boto3 client, and depending on nothing else."""

from __future__ import annotations

import ssl
from typing import Any

import aiobotocore.session
from aiobotocore.config import AioConfig

from . import _async_transport, _clients, _sessions
from ._settings import SdkSettings


async def new_client(settings: SdkSettings, endpoint_url: str, options: dict[str, Any], context: ssl.SSLContext | None) -> Any:
    """`context` is what connections verify with; None where there is no TLS."""
    session = _sessions.new_session(aiobotocore.session.AioSession)
    arguments = _clients.client_arguments(settings, endpoint_url, options, AioConfig)
    client = await session.create_client("dynamodb", **arguments).__aenter__()
    # A caller who says whom to verify means nobody else.
    if context is not None and "verify" not in options:
        _async_transport.use_context(client, context)
    return client

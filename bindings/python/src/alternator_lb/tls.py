"""TLS settings: whom to trust, who the client is, and what to keep. They hold for discovery and for the SDK's own calls alike."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from . import _check
from .errors import bad_value

FilePath: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True)
class TlsSessionCacheConfig:
    """TLS sessions kept for short handshakes.

    `cache_size` bounds those of discovery. The SDK's HTTP client keeps connections and resumes no sessions; for it `enabled`
    says whether the server is asked for tickets. How long a session is good for is the server's to say: `timeout_seconds` is
    accepted, and has no effect.
    """

    enabled: bool = True
    cache_size: int = 1024
    timeout_seconds: int = 86400

    def __post_init__(self) -> None:
        _check.flag("enabled", self.enabled)
        for name in ("cache_size", "timeout_seconds"):
            _check.number(name, getattr(self, name), at_least=1)


@dataclass(frozen=True)
class TLS:
    """Made by `TLS.system_default()`, `TLS.with_custom_ca(...)`, `TLS.trust_all()` or field by field."""

    custom_ca_cert_paths: Sequence[FilePath] = ()
    # Besides the custom ones; without any, the system's are trusted in any case.
    trust_system_ca_certs: bool = True
    trust_all_certificates: bool = False
    verify_hostname: bool = True
    session_cache: TlsSessionCacheConfig = field(default_factory=TlsSessionCacheConfig)
    client_cert_path: FilePath | None = None
    # None: the key is in the file of the certificate.
    client_key_path: FilePath | None = None
    # Who has this file can read what was sent.
    key_log_file_path: FilePath | None = None

    def __post_init__(self) -> None:
        if isinstance(self.custom_ca_cert_paths, (str, os.PathLike)) or not isinstance(self.custom_ca_cert_paths, Iterable):
            raise _check.refused("custom_ca_cert_paths", self.custom_ca_cert_paths, "a sequence of paths")
        object.__setattr__(self, "custom_ca_cert_paths", tuple(self.custom_ca_cert_paths))
        for path in self.custom_ca_cert_paths:
            _check.path("custom_ca_cert_paths", path, optional=False)
        for name in ("client_cert_path", "client_key_path", "key_log_file_path"):
            _check.path(name, getattr(self, name))
        for name in ("trust_system_ca_certs", "trust_all_certificates", "verify_hostname"):
            _check.flag(name, getattr(self, name))
        _check.needed("session_cache", self.session_cache, TlsSessionCacheConfig)
        if self.client_key_path is not None and self.client_cert_path is None:
            raise bad_value(f"client_key_path={self.client_key_path!r} needs client_cert_path")
        if not self.custom_ca_cert_paths and not self.trust_system_ca_certs and not self.trust_all_certificates:
            raise bad_value("trust_system_ca_certs=False needs custom_ca_cert_paths: else nobody would be trusted")

    @classmethod
    def system_default(cls) -> TLS:
        """Trusts the authorities that the system trusts."""
        return cls()

    @classmethod
    def with_custom_ca(cls, *cert_paths: FilePath) -> TLS:
        """Trusts these authorities too."""
        if not cert_paths:
            raise bad_value("with_custom_ca() needs the path of at least one file of certificates")
        return cls(custom_ca_cert_paths=cert_paths)

    @classmethod
    def trust_all(cls) -> TLS:
        """Checks nothing: anybody on the way can read and change what is sent."""
        return cls(trust_all_certificates=True)

    @property
    def sdk_client_cert(self) -> str | tuple[str, str] | None:
        """The client's certificate as botocore's `client_cert` has it."""
        if self.client_cert_path is None:
            return None
        if self.client_key_path is None:
            return os.fspath(self.client_cert_path)
        return os.fspath(self.client_cert_path), os.fspath(self.client_key_path)

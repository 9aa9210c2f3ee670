"""A `TLS` in the terms of the core and of the SDK, so that discovery and API calls trust the same authorities.

The SDK takes one file of authorities; what else a `TLS` says is put into the ssl context that it verifies with.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

from .errors import bad_value
from .tls import TLS, FilePath


def core_options(tls: TLS) -> dict[str, str]:
    options = {
        "tls.verify": "none" if tls.trust_all_certificates else "full" if tls.verify_hostname else "no_hostname",
        "tls.session_cache": str(tls.session_cache.cache_size if tls.session_cache.enabled else 0),
    }
    if tls.custom_ca_cert_paths:
        first, *others = tls.custom_ca_cert_paths
        options["tls.ca_file"] = os.fspath(first)
        more = [_read(path) for path in others] + (_system_authorities() if tls.trust_system_ca_certs else [])
        if more:
            options["tls.ca_pem"] = "\n".join(more)
    if tls.client_cert_path is not None:
        options["tls.cert_file"] = os.fspath(tls.client_cert_path)
        options["tls.key_file"] = os.fspath(tls.client_key_path or tls.client_cert_path)
    if tls.key_log_file_path is not None:
        options["tls.keylog_file"] = os.fspath(tls.key_log_file_path)
    return options


def sdk_verify(tls: TLS) -> bool | str:
    """The argument `verify` of a new client."""
    if tls.trust_all_certificates:
        return False
    return os.fspath(tls.custom_ca_cert_paths[0]) if tls.custom_ca_cert_paths else True


def new_context(tls: TLS) -> ssl.SSLContext:
    """An ssl context that says all of it, for HTTP clients that take one. Reads files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = tls.verify_hostname and not tls.trust_all_certificates
    if tls.trust_all_certificates:
        context.verify_mode = ssl.CERT_NONE
    elif tls.custom_ca_cert_paths:
        context.load_verify_locations(os.fspath(tls.custom_ca_cert_paths[0]))
    certificate = tls.sdk_client_cert
    if certificate is not None:
        context.load_cert_chain(*((certificate,) if isinstance(certificate, str) else certificate))
    prepare(context, tls)
    return context


def prepare(context: ssl.SSLContext, tls: TLS) -> None:
    """Puts into a client's ssl context what `verify` and `client_cert` cannot say."""
    if not tls.trust_all_certificates:
        for path in tls.custom_ca_cert_paths[1:]:
            context.load_verify_locations(os.fspath(path))
        if tls.trust_system_ca_certs:
            context.load_default_certs()
    if not tls.session_cache.enabled:
        context.options |= ssl.OP_NO_TICKET
    if tls.key_log_file_path is not None:
        context.keylog_filename = os.fspath(tls.key_log_file_path)


def _system_authorities() -> list[str]:
    context: Any = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return [ssl.DER_cert_to_PEM_cert(certificate) for certificate in context.get_ca_certs(binary_form=True)]


def _read(path: FilePath) -> str:
    try:
        # Bundles may hold remarks in any encoding between their certificates.
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise bad_value(f"custom_ca_cert_paths: {os.fspath(path)} cannot be read: {error}") from error

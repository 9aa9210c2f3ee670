"""Who the client is to the cluster: nobody (requests are unsigned), or the owner of a pair of keys."""

from __future__ import annotations

from dataclasses import dataclass, field

from .errors import bad_value


@dataclass(frozen=True)
class Auth:
    """Made by `Auth.disabled()` or `Auth.static_credentials(...)`. Secrets are not shown by repr."""

    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        # Without their values: these are secrets.
        for name in ("access_key_id", "secret_access_key", "session_token"):
            if not isinstance(getattr(self, name), (str, type(None))):
                raise bad_value(f"{name} is a {type(getattr(self, name)).__name__}: a text is needed")
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise bad_value("static credentials need both access_key_id and secret_access_key")
        if self.access_key_id == "" or self.secret_access_key == "":
            raise bad_value("access_key_id and secret_access_key must not be empty: use Auth.disabled() for unsigned requests")
        if self.session_token is not None and self.access_key_id is None:
            raise bad_value("session_token needs access_key_id and secret_access_key")

    @classmethod
    def disabled(cls) -> Auth:
        """Requests are not signed."""
        return cls()

    @classmethod
    def static_credentials(cls, access_key_id: str, secret_access_key: str, session_token: str | None = None) -> Auth:
        """Requests are signed with these keys."""
        if access_key_id is None or secret_access_key is None:
            raise bad_value("static credentials need both access_key_id and secret_access_key")
        return cls(access_key_id, secret_access_key, session_token)

    @property
    def enabled(self) -> bool:
        return self.access_key_id is not None

    def as_boto_kwargs(self) -> dict[str, str]:
        """The credentials as boto3 names them; nothing when disabled."""
        named = {
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "aws_session_token": self.session_token,
        }
        return {name: value for name, value in named.items() if value is not None}

"""Credentials, from the environment alone; never written, never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping

from plumbline.errors import UserError

SALESFORCE = "SALESFORCE_"
# What logs in, tried in this order; the names are those of the environment, without the prefix.
LOGINS = (
    {"INSTANCE_URL": "instance_url", "ACCESS_TOKEN": "session_id"},
    {"CONSUMER_KEY": "consumer_key", "CONSUMER_SECRET": "consumer_secret", "DOMAIN": "domain"},
    {"USERNAME": "username", "PASSWORD": "password", "SECURITY_TOKEN": "security_token"},
)


def required(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """A variable of the environment that must be set.

    Raises
    ------
    UserError
        It is not set, or empty.
    """
    value = environ.get(name, "").strip()
    if not value:
        raise UserError(f"{name} is not set", f"set {name} in the environment (docs/crm-sync.md)")
    return value


def salesforce_login(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Arguments of `simple_salesforce.Salesforce`.

    Raises
    ------
    UserError
        No way to log in has all that it needs.
    """
    for login in LOGINS:
        found = {argument: environ.get(SALESFORCE + name, "") for name, argument in login.items()}
        if all(found.values()):
            domain = environ.get(SALESFORCE + "DOMAIN")
            return {**found, **({"domain": domain} if domain else {})}
    ways = "; or ".join(" and ".join(SALESFORCE + name for name in login) for login in LOGINS)
    raise UserError("nothing says how to log in to Salesforce", f"set {ways}")

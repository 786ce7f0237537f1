"""How a destination says that something did not go through."""

from __future__ import annotations


class Unreachable(Exception):
    """A request that may work later: no answer, or one that says so. It may have been carried out.

    Parameters
    ----------
    message : str
        What was said, without any credential.
    wait : float, optional
        Seconds that the destination asks to wait.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.message, self.wait = message, wait


class Denied(Exception):
    """A request that will not work however often it is sent, whatever the rows.

    Parameters
    ----------
    message, remedy : str
        As of `plumbline.errors.UserError`.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


class Missing(Denied):
    """What was asked for is not there."""

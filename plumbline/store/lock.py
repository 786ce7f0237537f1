"""The lock that allows one run at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from plumbline.config import Settings
from plumbline.errors import UserError


@contextmanager
def run_lock(settings: Settings) -> Iterator[None]:
    """Hold the lock that allows one run at a time; the system drops it with the process.

    Raises
    ------
    UserError
        Another run holds it.
    """
    settings.lock_file.parent.mkdir(parents=True, exist_ok=True)
    with settings.lock_file.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise UserError(
                f"another run holds {settings.lock_file} (process {handle.read().strip() or '?'})",
                "wait until it has ended, or stop it",
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield

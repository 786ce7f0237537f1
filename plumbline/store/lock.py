"""The lock that allows one run at a time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from typing import TextIO

from plumbline.config import Settings
from plumbline.errors import DISK_FULL_NUMBERS, UserError

OWNER_ONLY = 0o700  # the private file lies beside the lock


@contextlib.contextmanager
def run_lock(settings: Settings) -> Iterator[None]:
    """Hold the lock that allows one run at a time; the system drops it with the process.

    Raises
    ------
    UserError
        Another run holds it, or the warehouse cannot be written.
    """
    with lock_if_free(settings) as holder:
        if holder:
            raise UserError(
                f"another run holds {settings.lock_file} (process {holder})",
                "wait until it has ended, or stop it",
            )
        yield


@contextlib.contextmanager
def lock_if_free(settings: Settings) -> Iterator[str]:
    """Hold the lock where no other run does.

    Yields
    ------
    str
        Empty where the lock is held now; else the process that has it, `?` where that is unknown.

    Raises
    ------
    UserError
        The warehouse cannot be written.
    """
    with _opened(settings) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            yield handle.read().strip() or "?"
            return
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield ""


def _opened(settings: Settings) -> TextIO:
    folder = settings.lock_file.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(PermissionError):  # another user's folder, which that user shared
            folder.chmod(OWNER_ONLY)
        for written in (settings.warehouse, folder):
            if not os.access(written, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return settings.lock_file.open("a+", encoding="utf-8")
    except OSError as error:
        if error.errno in DISK_FULL_NUMBERS:
            raise
        raise UserError(
            f"the warehouse {settings.warehouse} cannot be written ({error.strerror})",
            "correct its permissions, or set PLUMBLINE_WAREHOUSE to another folder",
        ) from None

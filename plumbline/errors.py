"""Errors a user can act on: one line that names the thing and its remedy."""

from __future__ import annotations

import errno
import re

import duckdb

DISK_FULL_NUMBERS = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
DISK_FULL_TEXT = re.compile(
    r"no space left on device|file too large|disk quota exceeded|not enough (disk )?space", re.I
)
LOCKED_TEXT = re.compile(
    r"Could not set lock on file \"?(?P<file>[^\":]+)\"?.*?(?P<holder>PID \d+)", re.S
)
UNREADABLE_TEXT = re.compile(
    r"(?P<file>[^\s\"'(]+\.(?:parquet|csv))\b"
    r"|(?P<what>Invalid Input Error: (?:No magic bytes|Corrupt|Failed to read).*)"
)


class UserError(Exception):
    """A mistake or a state of the machine that the user can mend.

    Parameters
    ----------
    message : str
        What is wrong, naming the thing: a file, a column, a setting.
    remedy : str
        What to do about it.
    notes : tuple of str
        Lines printed above the error line, one per failed check, when there is more than one.

    Examples
    --------
    >>> UserError("no folder data/raw", "run `plumbline demo`").line
    'error: no folder data/raw — run `plumbline demo`'
    """

    def __init__(self, message: str, remedy: str, notes: tuple[str, ...] = ()) -> None:
        self.message = one_line(message)
        self.remedy = one_line(remedy)
        self.notes = tuple(one_line(note) for note in notes)
        super().__init__(self.line)

    @property
    def line(self) -> str:
        """The one line that is printed."""
        return f"error: {self.message} — {self.remedy}" if self.remedy else f"error: {self.message}"


class TooLittleDataError(UserError):
    """The history is too short, or holds too few accounts with the label, to train and to judge."""


def one_line(text: str) -> str:
    """Join the lines of `text` with single spaces."""
    return " ".join(str(text).split())


def disk_full() -> UserError:
    """The line for a disk that filled up, wherever it was noticed."""
    return UserError(
        "the disk is full (or a file size limit was reached); nothing was published",
        "free some space and run the same command again",
    )


def explain(error: BaseException) -> UserError | None:
    """Translate an error of Python or DuckDB that a user can act on.

    Returns
    -------
    UserError or None
        None where the error is not known: then it is a defect of Plumbline.
    """
    if isinstance(error, UserError):
        return error
    if isinstance(error, MemoryError):
        return UserError("out of memory", "close other programs, or run a smaller --size")
    if isinstance(error, OSError) and error.errno in DISK_FULL_NUMBERS:
        return disk_full()
    if isinstance(error, PermissionError):
        return UserError(f"no permission for {error.filename}", "check who owns the file")
    if isinstance(error, duckdb.Error):
        return explain_engine_text(str(error))
    return None


def explain_engine_text(text: str) -> UserError | None:
    """Translate the text of a DuckDB error, as it also stands inside a dbt message."""
    if DISK_FULL_TEXT.search(text):
        return disk_full()
    locked = LOCKED_TEXT.search(text)
    if locked:
        return UserError(
            f"{locked['file']} is open in another program ({locked['holder']})",
            "close that program (read only warehouse/plumbline.duckdb, never the build file)",
        )
    if "Out of Memory Error" in text:
        return UserError(
            "the engine ran out of memory", "close other programs, or free disk for its temp files"
        )
    unreadable = UNREADABLE_TEXT.search(text)
    if unreadable and ("Invalid Input" in text or "IO Error" in text or "Invalid Error" in text):
        return UserError(
            f"raw file cannot be read: {unreadable['file'] or unreadable['what']}",
            "land the file again, then run the same command",
        )
    return None

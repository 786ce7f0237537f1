"""The folder of a replay that is under way: what a killed one goes on from.

Every origin works on a copy of what the origins before it left; one file, replaced in one step,
says which copy counts and what is in it. Nothing is used whose hash or fingerprint differs.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from plumbline.errors import UserError

STATE = "state.json"


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Let one replay at a time write to a folder; the system drops the lock with the process.

    Raises
    ------
    UserError
        Another one writes to it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("a")
    except OSError as error:
        raise UserError(
            f"the folder {folder} cannot be written ({error.strerror})", "give one that can"
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"another process is writing to {folder}", "wait for it, or give another folder"
            ) from None
        yield


@dataclass
class Work:
    """Origins that are done, by the fingerprint of data, dates, knobs and code.

    Attributes
    ----------
    folder : Path
        Holds the state and one folder for each of the last origins.
    done : list of date
        Origins that are in the last folder.
    """

    folder: Path
    fingerprint: str
    done: list[date] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, fingerprint: str) -> tuple[Work, str]:
        """Take up what an earlier process left, and say in words what became of it."""
        work = cls(folder, fingerprint)
        told = work._take_up()
        if not work.done:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("origin-*"):
            if not work.done or left != work.current:
                shutil.rmtree(left, ignore_errors=True)
        return work, told

    @property
    def current(self) -> Path:
        """What the last origin left."""
        return self.folder / f"origin-{len(self.done):03d}"

    def begin(self) -> Path:
        """A copy to work on; what stood before stays until `commit`."""
        copy = self.folder / f"origin-{len(self.done) + 1:03d}"
        shutil.rmtree(copy, ignore_errors=True)
        if self.done:
            shutil.copytree(self.current, copy)
        (copy / "build").mkdir(parents=True, exist_ok=True)
        return copy

    def commit(self, origin: date) -> None:
        """The copy counts from now on."""
        before = self.current if self.done else None
        self.done.append(origin)
        state = {
            "fingerprint": self.fingerprint,
            "done": [day.isoformat() for day in self.done],
            "files": _hashes(self.current),
        }
        temporary = self.folder / f"{STATE}.tmp"
        temporary.write_text(json.dumps(state, indent=1), encoding="utf-8")
        temporary.replace(self.folder / STATE)
        if before is not None:
            shutil.rmtree(before, ignore_errors=True)

    def remove(self) -> None:
        """The replay is finished: account-level rows do not stay behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _take_up(self) -> str:
        file = self.folder / STATE
        if not file.exists():
            return ""
        try:
            state = json.loads(file.read_text(encoding="utf-8"))
            done = [date.fromisoformat(day) for day in state["done"]]
            fingerprint, files = state["fingerprint"], state["files"]
        except (OSError, ValueError, KeyError, TypeError):
            return "an unfinished replay cannot be read: it begins anew"
        if fingerprint != self.fingerprint:
            return "an unfinished replay had other data, dates or code: it begins anew"
        self.done = done
        if _hashes(self.current) != files:
            self.done = []
            return "files of an unfinished replay were changed: it begins anew"
        return f"goes on after the origin of {done[-1]}"


def _hashes(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }

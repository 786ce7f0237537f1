"""The project as plain data: what its rules read, and what they return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

# Folder of a room of the marts that holds what its tables are put together from.
STEPS = "steps"


@dataclass(frozen=True)
class Model:
    """A model: its place, what it reads and what is said about it.

    Attributes
    ----------
    file, yaml_file : str
        Paths from the root; `yaml_file` is empty where no YAML names the model.
    reads : tuple of str
        Names of models and seeds.
    sources : tuple of str
        `<source>.<table>`.
    columns : mapping of str to str
        Documented columns with their descriptions.
    personal : mapping of str to bool
        What `config.meta.pii` says of a column, where it says something.
    keys : tuple of tuple of str
        Column combinations that a test holds unique.
    """

    name: str
    file: str
    yaml_file: str = ""
    reads: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[tuple[str, ...], ...] = ()
    has_contract: bool = False
    personal: Mapping[str, bool] = field(default_factory=dict)
    group: str = ""
    access: str = ""

    @property
    def folder(self) -> str:
        """Name of the folder that the file lies in: vendor, source type, subject or room."""
        folder = PurePosixPath(self.file).parent
        is_below = self.tool or folder.name == STEPS
        return folder.parent.name if is_below else folder.name

    @property
    def tool(self) -> str:
        """The sync tool whose layout a base model reads, empty for all others."""
        parts = PurePosixPath(self.file).parts
        return parts[3] if parts[1] == "base" and len(parts) == 5 else ""

    @property
    def room(self) -> str:
        """The layer, or the room of the marts."""
        parts = PurePosixPath(self.file).parts
        return parts[2] if parts[1] == "marts" else parts[1]

    @property
    def is_private(self) -> bool:
        """Whether it is a room's own step."""
        return bool(self.tool) or (self.name.startswith("int_") and self.room != "intermediate")


@dataclass(frozen=True)
class Seed:
    """A table of reference data, and what is said about it."""

    name: str
    file: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A source table (`<source>.<table>`), and what is said about it.

    Attributes
    ----------
    columns, types : mapping of str to str
        Descriptions and data types, by column.
    personal : mapping of str to bool
        What `config.meta.pii` says of a column, where it says something.
    """

    name: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    personal: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Project:
    """All that the rules read.

    Attributes
    ----------
    rooms : mapping of str to frozenset of str
        What each declared room reads beyond itself and the seeds; `ml` and `operations` stand for
        the staging of that type alone.
    owners : mapping of str to str
        Who answers for each declared room.
    files : mapping of str to str
        Text of each tracked file, by path from the root.
    found_columns : mapping of str to mapping of str to str
        Types of the columns that a model's SQL returns, by model; empty where nobody looked.
    personal_columns : mapping of str to mapping of str to set of str
        What the columns of a relation (`schema.table`) carry of columns that are declared personal,
        at any remove; the columns of the relation that carry nothing are there, too.
    """

    models: tuple[Model, ...] = ()
    seeds: tuple[Seed, ...] = ()
    sources: tuple[Source, ...] = ()
    rooms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    found_columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    personal_columns: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> Mapping[str, Model]:
        """The models by name."""
        return {model.name: model for model in self.models}

    def sql_files(self, *folders: str) -> dict[str, str]:
        """SQL files below `folders`, by path."""
        starts = tuple(f"{folder}/" for folder in folders)
        return {
            path: text
            for path, text in self.files.items()
            if path.startswith(starts) and path.endswith(".sql")
        }


@dataclass(frozen=True)
class Violation:
    """A rule that a node breaks; an exception names the same rule and node."""

    rule: str
    node: str
    detail: str = ""

"""dbt in this process: the manifest and the compiled SQL, read once for all families.

No raw data and no built warehouse are needed: nothing is run, and nothing is looked up. Results are
kept by the content of the files, so that an unchanged project is not parsed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
from dbt.cli.main import dbtRunner, dbtRunnerResult
from project_types import Model, Project, Seed, Source

from plumbline.site.graph import meta_of

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "target" / "compiled"
MOST_KEPT = 12
# What models of all rooms say: their groups, and what columns of many of them are.
SHARED = ("models/_rooms.yml", "models/columns.md")


@dataclass(frozen=True)
class Compilation:
    """What dbt knows and writes under one set of vars.

    Attributes
    ----------
    manifest : dict
        The manifest, as `manifest.json` has it.
    sql : dict of str to str
        Compiled SQL of each model and singular test, by name; without hooks.
    """

    manifest: Mapping[str, Any]
    sql: Mapping[str, str]


@contextmanager
def clean_environment(folder: Path) -> Iterator[None]:
    """Point dbt at a folder of this run, whatever the caller's environment says."""
    before = dict(os.environ)
    for name in [n for n in before if n.startswith(("PLUMBLINE_", "DBT_"))]:
        del os.environ[name]
    # The stem is the database's name in compiled SQL.
    os.environ["PLUMBLINE_BUILD"] = str(folder / "plumbline.duckdb")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def compile_project(variables: Mapping[str, Any], *rooms: str) -> Compilation:
    """Parse and compile the project with `variables` as dbt vars, or only these rooms of models.

    Raises
    ------
    RuntimeError
        Where dbt refuses; its own message is in it.
    """
    file = KEPT / f"{digest_of(variables, rooms)}.json"
    if not file.exists():
        manifest, sql = _compile(variables, rooms)
        KEPT.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps([manifest, sql], default=str), encoding="utf-8")
        partial.replace(file)
        for old in sorted(KEPT.glob("*.json"), key=lambda f: -f.stat().st_mtime)[MOST_KEPT:]:
            old.unlink(missing_ok=True)
    return Compilation(*json.loads(file.read_text(encoding="utf-8")))


def digest_of(variables: Mapping[str, Any], rooms: tuple[str, ...]) -> str:
    """Key of a compilation: it changes with all that the compilation depends on."""
    parts = ["dbt_project.yml", "profiles.yml", "macros", "seeds", "tests/generic"]
    parts += [f"models/{room}" for room in rooms] or ["models", "tests/singular", "selectors.yml"]
    engines = [version(name) for name in ("dbt-core", "dbt-duckdb")]
    digest = hashlib.sha256(repr((engines, sorted(variables.items()))).encode())
    for part in (*parts, *SHARED):
        for file in sorted([ROOT / part, *(ROOT / part).rglob("*")]):
            if file.is_file():
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _compile(variables: Mapping[str, Any], rooms: tuple[str, ...]) -> tuple[Any, dict[str, str]]:
    with tempfile.TemporaryDirectory() as name, clean_environment(Path(name)):
        project = _project_of(Path(name, "project"), rooms) if rooms else ROOT
        settings = _settings(name, variables, project)
        parsed = _succeeded(dbtRunner().invoke(["parse", *settings]))
        compiled = _succeeded(
            dbtRunner(manifest=parsed.result).invoke(
                ["compile", "--no-introspect", "--exclude", "test_type:generic"]
                # what is ephemeral has text of its own only where it is asked for
                + (["--select", "path:models"] if rooms else [])
                + settings
            )
        )
    nodes = [result.node for result in compiled.result.results]
    return (
        parsed.result.writable_manifest().to_dict(omit_none=False),
        {n.name: n.compiled_code for n in nodes if n.resource_type in ("model", "test")},
    )


def parse_project(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the manifest of the project, parsed with `variables` and not compiled."""
    with tempfile.TemporaryDirectory() as name, clean_environment(Path(name)):
        parsed = _succeeded(dbtRunner().invoke(["parse", *_settings(name, variables)]))
        return parsed.result.writable_manifest().to_dict(omit_none=False)


def _project_of(folder: Path, rooms: tuple[str, ...]) -> Path:
    """A project of a few rooms of models, which is parsed in a quarter of the time."""
    folder.mkdir()
    shutil.copy(ROOT / "dbt_project.yml", folder)
    for name in ("macros", "seeds", "tests/generic", *(f"models/{room}" for room in rooms)):
        shutil.copytree(ROOT / name, folder / name)
    for file in SHARED:
        shutil.copy(ROOT / file, folder / file)
    return folder


def _settings(folder: str, variables: Mapping[str, Any], project: Path = ROOT) -> list[str]:
    # (dbt reads flow-style YAML, and JSON is that)
    settings = ["--project-dir", str(project), "--profiles-dir", str(ROOT)]
    settings += ["--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"]
    settings += ["--vars", str(dict(variables)), "--log-level", "none", "--no-write-json"]
    return [*settings, "--no-partial-parse", "--log-level-file", "none"]


def _succeeded(result: dbtRunnerResult) -> dbtRunnerResult:
    if not result.success:
        failed = [r.message for r in getattr(result.result, "results", []) if r.message]
        raise RuntimeError(f"dbt refuses the project: {result.exception or failed}")
    return result


def all_vendors() -> list[str]:
    """Return every folder of models/base."""
    return sorted(p.name for p in (ROOT / "models" / "base").iterdir() if p.is_dir())


@cache
def every_vendor() -> Compilation:
    """The project with every folder of models/base switched on: no node is left out."""
    return compile_project({"vendors": all_vendors()})


@cache
def reduced() -> Compilation:
    """The project as the source with the most types off runs it: staging has empty relations."""
    with (ROOT / "plumbline.toml").open("rb") as file:
        sources = tomllib.load(file)["source"].values()
    source = max(sources, key=lambda source: len(source["source_types_off"]))
    return compile_project({name: source[name] for name in ("vendors", "source_types_off")})


@cache
def landed_by_tools() -> Mapping[str, Compilation]:
    """The base room by sync tool: the vendors that have a folder for it, as it lands them."""
    folders = sorted((ROOT / "models" / "base").glob("*/*/"))
    tools = sorted({folder.name for folder in folders})
    return {
        tool: _base_room(
            compile_project(
                {
                    "vendors": all_vendors(),
                    "landed_by": {f.parent.name: tool for f in folders if f.name == tool},
                },
                "base",
                "staging",
            )
        )
        for tool in tools
    }


def _base_room(compilation: Compilation) -> Compilation:
    """A compilation without any node but the base models, their tests and their sources."""
    manifest = compilation.manifest
    models = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        and node["original_file_path"].startswith("models/base/")
    }
    tests = {k: n for k, n in manifest["nodes"].items() if n.get("attached_node") in models}
    read = {key for node in models.values() for key in node["depends_on"]["nodes"]}
    sources = {key: source for key, source in manifest["sources"].items() if key in read}
    room = {**manifest, "nodes": {**models, **tests}, "sources": sources}
    return Compilation(room, compilation.sql)


def staged_rows(
    compilation: Compilation, raw: Path, base: str, staging: str
) -> list[dict[str, Any]]:
    """Rows of a staging model that one base model gives, from the files in a raw folder.

    Parameters
    ----------
    base, staging : str
        Names of the two models.
    """
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as plumbline; use plumbline")
        connection.execute("create schema base; set TimeZone = 'UTC'")
        sql = compilation.sql[base].replace("'data/raw/", f"'{raw}/")
        connection.execute(f"create table base.{base} as ({sql}\n)")
        for other in set(re.findall(r'"plumbline"\."base"\."(\w+)"', compilation.sql[staging])):
            if other != base:
                connection.execute(f"create table base.{other} as from base.{base} limit 0")
        return connection.sql(compilation.sql[staging]).to_arrow_table().to_pylist()


def read_project(manifest: Mapping[str, Any], files: Mapping[str, str]) -> Project:
    """Plain data that the rules read, from a manifest and the texts of the project's files."""
    nodes = [n for n in manifest["nodes"].values() if n["package_name"] == "plumbline"]
    tests = [n for n in nodes if n["resource_type"] == "test" and n.get("test_metadata")]
    names = {key: node["name"] for key, node in manifest["nodes"].items()}
    names |= {k: f"{s['source_name']}.{s['name']}" for k, s in manifest["sources"].items()}
    return Project(
        models=tuple(
            _model(node, names, [t for t in tests if t["attached_node"] == node["unique_id"]])
            for node in nodes
            if node["resource_type"] == "model"
        ),
        seeds=tuple(
            Seed(n["name"], n["original_file_path"], n["description"], _described(n))
            for n in nodes
            if n["resource_type"] == "seed"
        ),
        sources=tuple(
            Source(
                names[key],
                source["description"],
                _described(source),
                _typed(source),
                said_of_columns(source),
            )
            for key, source in manifest["sources"].items()
        ),
        rooms={
            group["name"]: frozenset(group["config"]["meta"]["reads"])
            for group in manifest["groups"].values()
        },
        owners={group["name"]: group["owner"]["name"] for group in manifest["groups"].values()},
        files=files,
    )


def _described(node: Mapping[str, Any]) -> dict[str, str]:
    return {name: column["description"] for name, column in node["columns"].items()}


def said_of_columns(node: Mapping[str, Any]) -> dict[str, bool]:
    """What `config.meta.pii` says of a node's columns, where it says something."""
    said = {name: meta_of(column).get("pii") for name, column in node["columns"].items()}
    return {name: is_personal for name, is_personal in said.items() if is_personal is not None}


def _typed(node: Mapping[str, Any]) -> dict[str, str]:
    return {name: column["data_type"] or "" for name, column in node["columns"].items()}


def _model(node: Mapping[str, Any], names: Mapping[str, str], tests: list[Any]) -> Model:
    read = node["depends_on"]["nodes"]
    keys = [
        tuple(
            test["test_metadata"]["kwargs"].get("combination_of_columns") or [test["column_name"]]
        )
        for test in tests
        if test["test_metadata"]["name"] in ("unique", "unique_combination_of_columns")
    ]
    return Model(
        name=node["name"],
        file=node["original_file_path"],
        yaml_file=(node["patch_path"] or "").removeprefix("plumbline://"),
        reads=tuple(sorted(names[key] for key in read if not key.startswith("source."))),
        sources=tuple(sorted(names[key] for key in read if key.startswith("source."))),
        description=node["description"],
        columns=_described(node),
        keys=tuple(sorted(keys)),
        has_contract=node["config"]["contract"]["enforced"],
        personal=said_of_columns(node),
        group=node["config"].get("group") or "",
        access=node.get("access") or "",
    )


@cache
def tracked_files() -> Mapping[str, str]:
    """Text of each file that git tracks or would track, by path from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file()]
    return {path: (ROOT / path).read_text("utf-8", "replace") for path in sorted(paths)}


@cache
def this_project() -> Project:
    """This project's plain data, with what each sync tool adds to it."""
    project = read_project(every_vendor().manifest, tracked_files())
    for compilation in landed_by_tools().values():
        added = read_project(compilation.manifest, {})
        names = {source.name for source in project.sources}
        project = replace(
            project,
            models=(*project.models, *(m for m in added.models if m.tool)),
            sources=(*project.sources, *(s for s in added.sources if s.name not in names)),
        )
    return project

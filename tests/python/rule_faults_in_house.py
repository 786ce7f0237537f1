"""Planted faults of what stands around the code, as `rule_faults`."""

from __future__ import annotations

from collections.abc import Iterable

from project_types import Project
from rule_faults import Fault, planted
from rules_on_house import DECISIONS, OWNERS, PAGE

MAKEFILE = "test: setup  ## Every check\n\t@true\n"
CLI = "from plumbline.commands.train import train\n"
PLACES = ("models/base/", "models/staging/", "models/intermediate/", "models/marts/")
MARTS = ("models/marts/core/", "models/marts/features/", "models/marts/risk/")


def _around(path: str, text: str) -> Project:
    return planted(files={"Makefile": MAKEFILE, "plumbline/cli.py": CLI, path: text})


def _calls(path: str, text: str) -> Fault:
    return Fault("ci_calls_what_exists", path, _around(path, text))


def _page(rule: str, places: Iterable[str], table: str = "") -> Fault:
    text = "\n".join([*(f"`{place}`" for place in places), table])
    return Fault(rule, PAGE, planted(files={PAGE: text}))


def _owned(text: str) -> Fault:
    return Fault("owners_have_every_room", OWNERS, planted(files={OWNERS: text}))


def _owned_by_another() -> Fault:
    files = {OWNERS: "\n".join(f"/{place} @x/data-science" for place in (*PLACES[:3], *MARTS))}
    owners = {"core": "analytics", "risk": "data science"}
    return Fault("owners_have_every_room", OWNERS, planted(files=files, owners=owners))


def _decided(entry: str, node: str = DECISIONS, **files: str) -> Fault:
    text = (
        f"# Decisions\n\nEach.\n\n## Time\n\n**D001 (2026-11-22). A fact counts.** So.\n\n{entry}\n"
    )
    return Fault("decisions_have_ids", node, planted(files={DECISIONS: text, **files}))


HEADING = "## What a room of models reads\n"
HOUSE_FAULTS = (
    _calls(".github/workflows/ci.yml", "    - run: make tset\n"),
    _calls(".ci/run", "exec make everything # make test\n"),
    _calls("Jenkinsfile", "steps { sh '.venv/bin/plumbline tran --source demo' }\n"),
    _calls(".pre-commit-config.yaml", "entry: make formt\n"),
    _calls(".github/ISSUE_TEMPLATE/x.yml", "label: What `plumbline prove` says\n"),
    _page("page_names_every_room", (*PLACES, *MARTS[1:])),
    _page("page_names_every_room", (*PLACES, *MARTS, "models/marts/attic/")),
    _page("page_says_who_reads_whom", (), HEADING + "| `base` | `risk` |"),
    _page("page_says_who_reads_whom", (), HEADING),
    _owned("\n".join(f"/{place} @x/y" for place in (*PLACES[:3], *MARTS[1:]))),
    _owned("\n".join(f"/{place} @x/y" for place in (*PLACES[:3], *MARTS, "models/attic/"))),
    _owned("\n".join(f"/{place}" for place in (*PLACES[:3], *MARTS))),
    _owned_by_another(),
    _decided("**A new one.** Text."),
    _decided("**D001 (2026-11-23). Another.** Text."),
    _decided("**D002. Another.** Text."),
    _decided("", "ml/x.py", **{"ml/x.py": '"""See DECISIONS.md (D00' + '7)."""'}),
)

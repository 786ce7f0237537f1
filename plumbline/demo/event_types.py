"""The 347 event types, their categories and how often each occurs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plumbline.demo.config import CATEGORIES

NAVIGATION = (
    "page_viewed",
    "session_start",
    "session_end",
    "search_performed",
    "notification_opened",
    "task_viewed",
    "project_opened",
    "inbox_opened",
    "filter_applied",
    "export_requested",
    "profile_updated",
    "settings_viewed",
    "help_opened",
    "shortcut_used",
    "link_copied",
    "item_starred",
    "theme_changed",
    "tour_started",
    "feedback_given",
    "billing_viewed",
    "plan_compared",
    "mobile_opened",
    "notification_muted",
    "password_changed",
)
CORE = ("task_created", "task_completed", "comment_added", "file_uploaded")
_PREFIX = {
    "kanban_boards": "board",
    "gantt_charts": "gantt",
    "timelines": "timeline",
    "automations": "automation",
    "forms": "form",
    "dashboards": "dashboard",
    "integrations": "integration",
    "reports": "report",
    "api_access": "api",
}
_FIRST_VERB = {"integrations": "connected", "api_access": "called"}
_VERBS = (
    "viewed",
    "created",
    "opened",
    "edited",
    "updated",
    "shared",
    "renamed",
    "duplicated",
    "archived",
    "restored",
    "deleted",
    "exported",
    "imported",
    "printed",
    "published",
    "filtered",
    "sorted",
    "grouped",
    "searched",
    "pinned",
    "moved",
    "locked",
    "unlocked",
    "commented",
    "tagged",
    "linked",
    "embedded",
    "scheduled",
    "configured",
    "refreshed",
    "previewed",
    "copied",
    "assigned",
    "reviewed",
    "template_used",
    "zoomed",
)
_SIGNALS = {
    "task_created": "core_action",
    "task_completed": "core_action",
    "comment_added": "collaboration",
    "file_uploaded": "depth",
    "export_requested": "possible_churn_signal",
    "invite_sent": "expansion",
    "plan_compared": "possible_churn_signal",
}

TABLE_SIZE = 4096
SHARE_NAVIGATION, SHARE_CORE = 0.45, 0.24
_CORE_SHARE = np.array([0.42, 0.28, 0.18, 0.12])


@dataclass(frozen=True)
class EventTypes:
    """Names in a fixed order; `category` is -1 for navigation and core tasks.

    `by_category` (10, TABLE_SIZE), `navigation` and `core` (TABLE_SIZE,) are lookup tables: a
    uniform draw of an entry is a draw of an event type by its frequency.
    """

    names: tuple[str, ...]
    category: np.ndarray
    by_category: np.ndarray
    navigation: np.ndarray
    core: np.ndarray


def _lookup(members: np.ndarray, share: np.ndarray) -> np.ndarray:
    count = np.maximum(np.round(share / share.sum() * TABLE_SIZE), 1).astype(int)
    count[0] += TABLE_SIZE - count.sum()
    return np.repeat(members, count).astype(np.int16)


def _category_names() -> list[tuple[str, int]]:
    out = []
    for number, category in enumerate(CATEGORIES):
        if category == "team_invites":
            out.append(("invite_sent", number))
            continue
        extra = 3 * (category in ("kanban_boards", "dashboards", "reports"))
        verbs = list(_VERBS[: 35 + (extra > 0)])
        first = _FIRST_VERB.get(category)
        if first:
            verbs = [first, *verbs[:-1]]
        out.extend((f"{_PREFIX[category]}_{verb}", number) for verb in verbs)
    return out


def make_event_types() -> EventTypes:
    """Return the 347 types of the reference case with the demo world's frequencies."""
    named = _category_names()
    names = (*NAVIGATION, *CORE, *(name for name, _ in named))
    category = np.array([-1] * (len(NAVIGATION) + len(CORE)) + [c for _, c in named])
    tables = []
    for number in range(len(CATEGORIES)):
        members = np.flatnonzero(category == number)
        tables.append(_lookup(members, 1 / np.arange(1, len(members) + 1) ** 1.1))
    rare = 0.10 / np.arange(1, len(NAVIGATION)) ** 1.0
    return EventTypes(
        names=names,
        category=category,
        by_category=np.stack(tables),
        navigation=_lookup(np.arange(len(NAVIGATION)), np.append(0.86, rare / rare.sum() * 0.14)),
        core=_lookup(len(NAVIGATION) + np.arange(4), _CORE_SHARE),
    )


def write_seed(path: Path) -> None:
    """Write the reference seed `event_types.csv`."""
    types = make_event_types()
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            [
                "source_name",
                "event_type",
                "feature_category",
                "is_core_action",
                "is_comment",
                "is_invite",
                "signal_type",
            ]
        )
        for name, number in sorted(zip(types.names, types.category.tolist(), strict=True)):
            category = CATEGORIES[number] if number >= 0 else ""
            signal = _SIGNALS.get(name, "depth" if category else "engagement")
            flags = (name in CORE, name == "comment_added", name == "invite_sent")
            out.writerow(["demo", name, category, *(str(flag).lower() for flag in flags), signal])

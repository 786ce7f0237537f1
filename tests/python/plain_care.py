"""Features of support, sentiment, preparedness and engagement, the slow and plain way."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from plain_exports import Account, Exports, Numbers, Row, first_known, known_by, latest, ratio


def support(exports: Exports, account: Account, day: date, started: date, within: Any) -> Numbers:
    """Features of tickets, ratings and comments on a date."""
    opened, urgent, escalated, backlog, hours, rated, good, moods = 0, 0, 0, 0, [], 0, 0, []
    for ticket, versions in account.tickets.items():
        versions = known_by(versions, day)
        if not versions or any(row["_is_deleted"] or _is_merged(row) for row in versions):
            continue
        first = first_known(versions)
        if within(30, first["created_at"]):
            opened += 1
            urgent += first["priority"] in ("high", "urgent")
        raised = [row for row in versions if "escalated" in json.loads(row["tags"] or "[]")]
        escalated += bool(raised) and within(90, first_known(raised)["updated_at"])
        is_open = latest(versions)["status"] in ("new", "open", "pending", "hold")
        backlog += is_open and first["created_at"].date() >= started
        comments = known_by(account.comments.get(ticket, []), day)
        replies = [r for r in comments if r["author_role"] == "agent" and r["public"]]
        if replies:
            reply = min(row["created_at"] for row in replies)
            if within(90, reply):
                hours.append((reply - first["created_at"]) / timedelta(hours=1))
        for row in comments:
            if row["author_role"] == "end-user" and within(30, row["created_at"]):
                moods.append(_mood(exports, row["body"]))
        scores = defaultdict(list)
        for row in known_by(account.ratings.get(ticket, []), day):
            if row["score"] in ("good", "bad"):
                scores[row["id"]].append(row)
        for rows in scores.values():
            word = latest(rows)
            rated += within(90, word["updated_at"])
            good += within(90, word["updated_at"]) and word["score"] == "good"
    return {
        "support_tickets_30d": opened,
        "urgent_tickets_30d": urgent,
        "ticket_rate_30d": float(30 * Fraction(opened, min(30, (day - started).days))),
        "escalated_tickets_90d": escalated,
        "ticket_backlog": backlog,
        "first_response_hours": sum(hours) / len(hours) if hours else None,
        "avg_csat": ratio(good, rated),
        "sentiment_score": ratio(sum(moods, Fraction(0)), len(moods)),
    }


def _is_merged(ticket: Row) -> bool:
    return "closed_by_merge" in json.loads(ticket["tags"] or "[]")


def _mood(exports: Exports, body: str | None) -> Fraction:
    words = re.findall("[a-z]+", (body or "").lower())
    scores = [exports.lexicon[word] for word in words if word in exports.lexicon]
    return sum(scores, Fraction(0)) / len(scores) if scores else Fraction(0)


def care(account: Account, day: date, started: date, within: Any) -> Numbers:
    """Features of onboarding, training, meetings, reviews, answers and key contacts on a date."""

    def states(objects: dict[Any, list[Row]], changed: str = "updated_at") -> list[Row]:
        known = (known_by(rows, day) for rows in objects.values())
        return [latest(rows, changed) for rows in known if rows]

    steps = [
        row
        for row in states(account.steps)
        if row["due_date"] and row["due_date"] < day and row["created_at"].date() >= started
    ]
    trainings = [
        latest(known)
        for known in (known_by(rows, day) for rows in account.trainings.values())
        if known and within(90, first_known(known)["invited_at"])
    ]
    meetings = [
        row["Status"]
        for row in states(account.tasks, "SystemModstamp")
        if row["Type"] == "Meeting" and not row["IsDeleted"] and within(90, row["ActivityDate"])
    ]
    goals = [
        min(Fraction(str(goal.get("achieved") or 0)) / Fraction(str(goal["target"])), Fraction(1))
        for row in states(account.reviews)
        if row["status"] == "held" and within(365, row["held_at"])
        for goal in json.loads(row["goals"] or "[]")
        if goal["target"] > 0
    ]
    answers: dict[str, Row] = {}
    for row in known_by(account.answers, day):
        if row["score"] is not None:
            rank = (row["created_at"], row["updated_at"], row["known"])
            held = answers.get(row["who"])
            if not held or rank > (held["created_at"], held["updated_at"], held["known"]):
                answers[row["who"]] = row
    points = [row["score"] for row in answers.values() if within(180, row["created_at"])]
    lost = [
        row
        for row in known_by(account.contact_changes, day)
        if row["change"] == "left" and within(90, row["changed_at"])
    ]
    changes = known_by(account.contact_changes, day)
    places = [
        row
        for row in changes
        if row["change"] == "left"
        and within(365, row["changed_at"])
        and not any(
            other["change"] == "joined"
            and other["role"] == row["role"]
            and other["changed_at"] >= row["changed_at"]
            for other in changes
        )
    ]
    held_meetings = meetings.count("Completed")
    return {
        "onboarding_completion": ratio(
            sum(row["completed_at"] is not None for row in steps), len(steps)
        ),
        "training_participation": ratio(
            sum(row["status"] == "attended" for row in trainings), len(trainings)
        ),
        "meeting_show_rate": ratio(held_meetings, held_meetings + meetings.count("No Show")),
        "goals_achieved_ratio": ratio(sum(goals, Fraction(0)), len(goals)),
        "champion_stability": int(not lost),
        "key_contact_missing": int(bool(places)),
        "nps_score": ratio(sum(points), len(points)),
    }

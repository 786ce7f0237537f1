"""What can be learnt: the labels that the dbt var `labels` declares (D168)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.errors import UserError

VARS_FILE = "dbt_project.yml"


@dataclass(frozen=True)
class Label:
    """What can be learnt, as the dbt var `labels` declares it.

    Attributes
    ----------
    name : str
        Column of the training examples, 0 or 1.
    population : str
        Boolean column: the rows that can have the label.
    horizon_days, known_after_days : int
        Days that it looks ahead, and days until it is known, counted from its date.
    """

    name: str
    population: str
    horizon_days: int
    known_after_days: int


def read_labels(dbt_vars: Mapping[str, Any]) -> dict[str, Label]:
    """The labels of the dbt var `labels`, by name, with days instead of the vars it names.

    Raises
    ------
    UserError
        A label lacks a key, or names a var that is not there or holds no days.

    Examples
    --------
    >>> churned = {"population": "is_paying", "horizon": "ahead", "settling": "gap"}
    >>> read_labels({"ahead": 60, "gap": 30, "labels": {"churned": churned}})["churned"]
    Label(name='churned', population='is_paying', horizon_days=60, known_after_days=90)
    """
    found = {}
    for name, declared in dbt_vars["labels"].items():
        try:
            horizon = int(dbt_vars[declared["horizon"]])
            settling = int(dbt_vars[declared["settling"]]) if "settling" in declared else 0
            found[name] = Label(name, declared["population"], horizon, horizon + settling)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{VARS_FILE}: label {name} cannot be read ({error})",
                "give it a population, and the names of the vars that hold its days",
            ) from None
    return found


def label_of(labels: Mapping[str, Label], name: str) -> Label:
    """The label of a name.

    Raises
    ------
    UserError
        Naming the labels that there are.
    """
    if name not in labels:
        raise UserError(
            f"there is no label {name}",
            f"known: {', '.join(labels)}; correct `label` of the source in plumbline.toml",
        )
    return labels[name]

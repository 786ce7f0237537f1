"""Which places of a statement a fault can be planted in, and what each fault is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

Edit = Callable[[], object]
FIXTURE = "__dbt__cte__"
RELATION = re.compile(rf'"plumbline"\."\w+"\."(\w+)"|{FIXTURE}(\w+)')
LITERAL = re.compile(r"'[^']*'|\b\d+(?:\.\d+)?\b")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
SHOWN = 110

COMPARISONS = {
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
}
AGGREGATES = {
    exp.Sum: exp.Max,
    exp.Max: exp.Min,
    exp.Min: exp.Max,
    exp.Avg: exp.Max,
    exp.ArgMax: exp.ArgMin,
    exp.ArgMin: exp.ArgMax,
    exp.LogicalOr: exp.LogicalAnd,
    exp.LogicalAnd: exp.LogicalOr,
    exp.Lag: exp.Lead,
    exp.Lead: exp.Lag,
}
ARITHMETIC = {exp.Add: exp.Sub, exp.Sub: exp.Add, exp.Mul: exp.Div, exp.Div: exp.Mul}
BOOLEANS = {exp.And: exp.Or, exp.Or: exp.And}


@dataclass(frozen=True)
class Site:
    """One place of a statement and one fault for it.

    Attributes
    ----------
    key, loose_key : tuple
        The same for the same place of another compilation of the model: by CTE and text; the loose
        one leaves literals out, for vars may be others there.
    edit : callable
        Plants the fault in the tree that the node stands in.
    """

    operator: str
    key: tuple[object, ...]
    loose_key: tuple[object, ...]
    node: exp.Expression
    edit: Edit


def parse(sql: str) -> exp.Expression:
    """The tree of a DuckDB statement."""
    return sqlglot.parse_one(sql, dialect="duckdb")


def write(tree: exp.Expression) -> str:
    """The statement of a tree."""
    return tree.sql(dialect="duckdb", comments=False)


def sites(tree: exp.Expression) -> list[Site]:
    """Every place for a fault, in the order of the text; what stands for given rows has none."""
    found = []
    keys: Counter[tuple[object, ...]] = Counter()
    for node in tree.walk(bfs=False, prune=_is_fixture):
        for operator, edit in _faults(node):
            cte = node.find_ancestor(exp.CTE)
            text = RELATION.sub(lambda match: match[1] or match[2], write(node))
            key = (operator, cte.alias if cte else "", text)
            loose = ("loose", *key[:2], LITERAL.sub("?", text))
            found.append(Site(operator, (*key, keys[key]), (*loose, keys[loose]), node, edit))
            keys.update([key, loose])
    return found


def mutated(sql: str, number: int) -> tuple[str, str, str]:
    """The statement with one fault, and the place before and after.

    Parameters
    ----------
    number : int
        Which of `sites`.
    """
    tree = parse(sql)
    site = sites(tree)[number]
    place = site.node
    # an edit may put another node in the place: its parent stays
    around = place.parent or place
    while around.parent and len(write(around.parent)) <= SHOWN:
        around = around.parent
    before = write(around)
    site.edit()
    after = write(around)
    return write(tree), *_differing(before, after)


def twin(sql: str, site: Site) -> str | None:
    """Another compilation of the model with the same fault; nothing where it lacks the place."""
    tree = parse(sql)
    others = sites(tree)
    for name in ("key", "loose_key"):
        for other in others:
            if getattr(other, name) == getattr(site, name):
                other.edit()
                return write(tree)
    return None


def line_of(site: Site) -> int:
    """Line of the statement that a place stands in; 0 where its names do not say."""
    node: exp.Expression | None = site.node
    while node is not None:
        lines = [n.meta["line"] for n in node.find_all(exp.Identifier) if "line" in n.meta]
        if lines:
            return min(lines)
        node = node.parent
    return 0


def _is_fixture(node: exp.Expression) -> bool:
    return isinstance(node, exp.CTE) and node.alias.startswith(FIXTURE)


def _differing(before: str, after: str) -> tuple[str, str]:
    """Two long texts cut to where they differ."""
    if max(len(before), len(after)) <= 2 * SHOWN:
        return before, after
    first = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    start = max(0, first - SHOWN // 2)
    return before[start : start + SHOWN], after[start : start + SHOWN]


def _faults(node: exp.Expression) -> Iterator[tuple[str, Edit]]:
    kind = type(node)
    if kind in COMPARISONS and not (_is_of_literals(node) or _joins_keys(node)):
        yield "comparison", lambda: _swap(node, COMPARISONS[kind])
    if kind in AGGREGATES:
        yield "aggregate", lambda: _swap(node, AGGREGATES[kind])
    if kind is exp.Count and isinstance(node.this, exp.Star):
        yield "aggregate", lambda: node.replace(exp.Max(this=exp.Literal.number(1)))
    if kind is exp.Count and isinstance(node.this, exp.Column):
        yield "aggregate", lambda: node.set("this", exp.Star())
    if kind is exp.Join and node.args.get("on") and node.side in ("", "LEFT"):
        yield "join", lambda: node.set("side", None if node.side else "LEFT") or _no_kind(node)
    if kind is exp.Distinct and isinstance(node.parent, exp.Select) and not node.args.get("on"):
        yield "distinct", lambda: node.parent.set("distinct", None)
    if kind is exp.Distinct and isinstance(node.parent, exp.AggFunc):
        yield "distinct", lambda: node.replace(node.expressions[0])
    if kind is exp.Union and node.args.get("distinct"):
        yield "distinct", lambda: node.set("distinct", False)
    if kind in BOOLEANS:
        yield "boolean", lambda: _swap(node, BOOLEANS[kind])
    if kind in ARITHMETIC:
        yield "arithmetic", lambda: _swap(node, ARITHMETIC[kind])
    if kind is exp.Literal and _is_number(node):
        for step in (1, -1):
            yield "constant", lambda step=step: _shift(node, step)
    if kind is exp.Coalesce and node.expressions:
        yield "coalesce", lambda: node.replace(node.this)
    if kind is exp.Window:
        keys = node.args.get("partition_by") or []
        for number in range(len(keys)):
            yield (
                "partition",
                lambda number=number: node.set("partition_by", keys[:number] + keys[number + 1 :]),
            )
    if kind is exp.Ordered:
        yield "order", lambda: node.set("desc", not node.args.get("desc"))
    if kind is exp.WindowSpec:
        yield from (("frame", edit) for edit in _frames(node))
    if kind is exp.Cast and DATE.fullmatch(node.this.name) and node.this.is_string:
        yield (
            "date",
            lambda: node.replace(
                exp.cast(exp.Add(this=node.copy(), expression=exp.Literal.number(1)), "date")
            ),
        )
    if kind in (exp.Where, exp.Having, exp.Qualify):
        for part in list(node.this.unnest().flatten() if _is_and(node.this) else [node.this]):
            # (a condition of literals alone, such as 1 = 0, is no rule of the model)
            if not _is_of_literals(part):
                yield "condition", lambda part=part: part.replace(exp.true())


def _is_and(node: exp.Expression) -> bool:
    return isinstance(node.unnest(), exp.And)


def _is_of_literals(node: exp.Expression) -> bool:
    return node.find(exp.Column, exp.Func, exp.Star) is None


def _joins_keys(node: exp.Expression) -> bool:
    """Whether it says which rows belong together: its contrary joins each row with all others."""
    join = node.find_ancestor(exp.Join, exp.Select)
    sides = (node.this, node.expression)
    return (
        isinstance(node, exp.EQ)
        and isinstance(join, exp.Join)
        and all(isinstance(side, exp.Column) for side in sides)
    )


def _is_number(node: exp.Literal) -> bool:
    is_of_type = node.find_ancestor(exp.DataType, exp.DataTypeParam)
    # (the scale of a moment is the parser's own word, not one of the statement)
    is_scale = isinstance(node.parent, exp.UnixToTime) and node.arg_key == "scale"
    if is_of_type or is_scale:
        return False
    if isinstance(node.parent, exp.EQ) and _is_of_literals(node.parent):
        return False
    is_interval = isinstance(node.parent, exp.Interval)
    return not node.is_string or (is_interval and node.name.isdigit())


def _swap(node: exp.Expression, kind: type[exp.Expression]) -> None:
    node.replace(
        kind(**{name: value for name, value in node.args.items() if name in kind.arg_types})
    )


def _no_kind(node: exp.Join) -> None:
    node.set("kind", None if node.side else "INNER")


def _shift(node: exp.Literal, step: int) -> None:
    number = float(node.name) + step
    text = f"{number:.0f}" if number.is_integer() and "." not in node.name else f"{number:g}"
    if isinstance(node.parent, exp.Interval):
        node.replace(exp.Literal.string(text))
    elif number < 0:
        node.replace(exp.Paren(this=exp.Neg(this=exp.Literal.number(text.lstrip("-")))))
    else:
        node.replace(exp.Literal.number(text))


def _frames(node: exp.WindowSpec) -> Iterator[Edit]:
    """A frame that is open to a side ends at the row itself there, and the other way round."""
    start, end = node.args.get("start"), node.args.get("end")
    if start == "UNBOUNDED" and node.args.get("end_side") != "PRECEDING":
        yield lambda: (node.set("start", "CURRENT ROW"), node.set("start_side", None))
    if end == "CURRENT ROW":
        yield lambda: (node.set("end", "UNBOUNDED"), node.set("end_side", "FOLLOWING"))
    if end == "UNBOUNDED" and node.args.get("start_side") != "FOLLOWING":
        yield lambda: (node.set("end", "CURRENT ROW"), node.set("end_side", None))

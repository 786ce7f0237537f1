"""Lineage leads from raw exports to whoever uses the numbers, the ML step included."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from manifest import every_vendor

from plumbline.errors import UserError
from plumbline.site.graph import ancestors_of, meta_of, parents_of

MARTS = "models/marts/"


@pytest.fixture(scope="module")
def manifest() -> Mapping[str, Any]:
    """The manifest with every vendor."""
    return every_vendor().manifest


def raw_sources(manifest: Mapping[str, Any]) -> set[str]:
    """Tables that vendors delivered."""
    return {
        key
        for key, source in manifest["sources"].items()
        if not meta_of(source).get("written_by_python")
    }


def without_raw(manifest: Mapping[str, Any]) -> list[str]:
    """Marts, metrics and exposures that no way joins to a raw table.

    What reads nothing at all, such as a calendar, comes from nowhere by its nature.
    """
    parents, raw = parents_of(manifest), raw_sources(manifest)
    marts = [
        key
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        and node["original_file_path"].startswith((MARTS, "models/semantic/"))
        and any(not parent.startswith("seed.") for parent in parents[key])
    ]
    ends = [*marts, *manifest["exposures"], *manifest["metrics"]]
    return [key for key in ends if not ancestors_of(key, parents) & raw]


def writers_disagree(manifest: Mapping[str, Any]) -> list[str]:
    """Sources written by Python whose writer and whose own word of it do not match."""
    writes = {
        (exposure["name"], source)
        for exposure in manifest["exposures"].values()
        for source in meta_of(exposure).get("writes", ())
    }
    says = {
        (meta_of(source).get("written_by", "nobody"), source["source_name"])
        for source in manifest["sources"].values()
        if meta_of(source).get("written_by_python")
    }
    return [f"{exposure} and {source}" for exposure, source in sorted(writes ^ says)]


def test_everything_reaches_back_to_raw(manifest: Mapping[str, Any]) -> None:
    assert without_raw(manifest) == []


def test_sources_that_python_writes_say_which_exposure_does(manifest: Mapping[str, Any]) -> None:
    assert writers_disagree(manifest) == []
    for exposure in manifest["exposures"].values():
        for source in meta_of(exposure).get("writes", ()):
            tables = [s for s in manifest["sources"].values() if s["source_name"] == source]
            assert f"`{exposure['name']}`" in tables[0]["source_description"]
            assert f"writes source {source}" in exposure["label"]


def test_the_ml_step_reads_features_alone_and_all_of_them(manifest: Mapping[str, Any]) -> None:
    read = set(manifest["exposures"]["exposure.plumbline.churn_model"]["depends_on"]["nodes"])
    features = {
        key
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["name"].startswith("feat_")
    }
    assert read == features != set()


def test_the_worklist_comes_from_events_through_the_model(manifest: Mapping[str, Any]) -> None:
    parents = parents_of(manifest)
    worklist = "model.plumbline.rpt_at_risk_accounts"
    assert "source.plumbline.ml.predictions" in ancestors_of(worklist, parents)
    through = ancestors_of("source.plumbline.ml.predictions", parents)
    assert "exposure.plumbline.churn_model" in through
    assert "source.plumbline.segment.events" in through


def test_a_broken_link_is_seen(manifest: Mapping[str, Any]) -> None:
    broken = copy.deepcopy(dict(manifest))
    broken["exposures"]["exposure.plumbline.churn_model"]["config"]["meta"] = {}
    broken["exposures"]["exposure.plumbline.churn_model"]["meta"] = {}
    assert writers_disagree(broken) == ["churn_model and ml"]
    lost = copy.deepcopy(dict(manifest))
    lost["parent_map"]["exposure.plumbline.customer_success_worklist"] = []
    assert without_raw(lost) == ["exposure.plumbline.customer_success_worklist"]


def test_exposures_are_described_and_owned(manifest: Mapping[str, Any]) -> None:
    for exposure in manifest["exposures"].values():
        assert exposure["description"].strip(), exposure["name"]
        assert exposure["label"], exposure["name"]
        assert exposure["owner"]["name"], exposure["name"]
        assert exposure["depends_on"]["nodes"], exposure["name"]


def test_a_dashboard_hangs_on_the_metrics_of_its_saved_queries(manifest: Mapping[str, Any]) -> None:
    parents = parents_of(manifest)
    assert "metric.plumbline.mrr" in parents["exposure.plumbline.board_pack"]
    exposures = {"e": {"name": "board", "config": {"meta": {"saved_queries": ["bord_pack"]}}}}
    with pytest.raises(UserError, match="bord_pack, which is not there"):
        parents_of({**manifest, "exposures": exposures})

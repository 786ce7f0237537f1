"""The file of a model: what is on record decides, before anything is unpickled."""

import hashlib
import shutil
from types import SimpleNamespace

import pytest
from ml_world import AS_OF, LABEL, contract_text, execute, feature_rows, fetch, write_mart
from test_ml_score import QUICK

from ml.registry import stages
from ml.registry.artefact import write_artefact
from ml.score import score
from ml.train import train
from plumbline.errors import UserError


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A world with a champion and a scored night; tests copy it."""
    folder = tmp_path_factory.mktemp("artefact") / "world"
    folder.mkdir()
    write_mart(folder / "plumbline.duckdb", feature_rows(accounts=500))
    (folder / "contract.yml").write_text(contract_text())
    train(
        folder / "plumbline.duckdb",
        folder / "models",
        AS_OF,
        "run-0",
        (),
        30,
        LABEL,
        contract_path=folder / "contract.yml",
        settings=QUICK,
    )
    run_scoring(folder)
    return folder


@pytest.fixture
def world(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "world")


def run_scoring(folder):
    return score(folder / "plumbline.duckdb", folder / "models", AS_OF, "run-1")


def refused(folder, message):
    """One clear line with its remedy, and no row changed."""
    scored = "from ml.predictions order by all"
    before = fetch(folder / "plumbline.duckdb", scored)
    with pytest.raises(UserError, match=message) as caught:
        run_scoring(folder)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert fetch(folder / "plumbline.duckdb", scored) == before != []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("update ml.model_runs set feature_names = '[\"mrr\"]'", "trained on other features than"),
        (
            "update ml.model_runs set target = target, model_version = 'other'; "
            "update ml.model_stages set model_version = 'other'",
            "holds churn-.*, not other",
        ),
        ("update ml.model_runs set artefact_sha256 = sha256('x')", "SHA-256 differs"),
    ],
)
def test_a_file_is_the_model_that_is_on_record(world, spoil, message):
    execute(world / "plumbline.duckdb", *spoil.split("; "))
    refused(world, message)


def test_the_hash_on_record_counts_not_one_beside_the_file(world, monkeypatch):
    """Another model in the file's place, with its own true hash: refused before it is unpickled."""
    run = stages.champion(world / "plumbline.duckdb", "churn")
    name, _ = write_artefact(SimpleNamespace(model_version=run.model_version), world / "models")
    assert name == run.artefact_path
    monkeypatch.setattr("joblib.load", lambda file: pytest.fail("it was unpickled"))
    refused(world, "not the one that was registered")


def test_bytes_that_hold_no_model_are_one_clear_line(world):
    database = world / "plumbline.duckdb"
    run = stages.champion(database, "churn")
    (world / "models" / run.artefact_path).write_bytes(b"no pickle")
    digest = hashlib.sha256(b"no pickle").hexdigest()
    execute(database, f"update ml.model_runs set artefact_sha256 = '{digest}'")
    refused(world, "written by another code version")

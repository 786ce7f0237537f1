"""What `plumbline verify` hands to a proof, for a world of the tests."""

from __future__ import annotations

from conftest import World
from rich.console import Console

from pipeline import steps, verify
from pipeline.config import load_settings

QUIET = Console(quiet=True)


def context_of(world: World) -> verify.Context:
    """The last build of a world, as the command sees it."""
    settings = load_settings(raw=world.raw, environ=world.environment)
    day, variables = steps.last_build(settings, None)
    return verify.Context(settings, day, variables)

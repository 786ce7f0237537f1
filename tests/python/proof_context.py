"""What `plumbline verify` hands to a proof, for a world of the tests."""

from __future__ import annotations

from conftest import World
from rich.console import Console

from plumbline.config import load_settings
from plumbline.night.last_build import last_build
from plumbline.proofs import registry

QUIET = Console(quiet=True)


def context_of(world: World) -> registry.Context:
    """The last build of a world, as the command sees it."""
    settings = load_settings(raw=world.raw, environ=world.environment)
    day, variables = last_build(settings, None)
    return registry.Context(settings, day, variables)

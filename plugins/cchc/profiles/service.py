"""How a service is asked over HTTP, as far as its description tells: the part `http` of a drafted profile."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Service:
    """How one list of a service is asked for.

    `base`: the address that the connection must have; `auth`, `paginator`: keys of these parts, each with its value in YAML;
    `parameters`: those that must be sent, and that nothing is known of; `notes`: what a person must look at.
    """

    base: str = ""
    auth: dict[str, str] = field(default_factory=dict)
    paginator: dict[str, str] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The lines of `http`."""
        told = [f"  # {note}" for note in self.notes]
        asked = ", ".join(f"{name}: TODO" for name in self.parameters)
        sent = [f"  parameters: {{{asked}}}  # the description says that each request needs them"] if asked else []
        return [
            "http:",
            *told,
            f"  auth: {_mapping(self.auth)}  # guess",
            "  path: /{entity}",
            f"  paginator: {_mapping(self.paginator)}  # guess",
            *sent,
        ]


def _mapping(keys: dict[str, str]) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}"

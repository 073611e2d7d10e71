"""`elm train run --plan`: what a training would take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elm.runs import RunConfig


def show_plan(config: RunConfig, device: str | None, plan: bool, json_mode: bool) -> None:
    """Print the plan; `CallError` where the training does not fit the device, or a device is named without a plan."""
    from elm._errors import CallError
    from elm.cli._output import emit
    from elm.runs import plan_run

    if not plan:
        raise CallError("--device goes with --plan: a training itself uses a GPU where there is one")
    found = plan_run(config, device or "cpu")
    emit(found, json_mode, lambda: _show(found))
    if found["misfit"]:
        raise CallError(found["misfit"])


def _show(found: dict[str, Any]) -> None:
    from elm.cli._output import echo

    one, two = found["tokens"]
    echo(f"base {found['base']}: {found['parameters']:,} parameters, {found['trained']:,} of what learns")
    echo(f"data: {found['items']:,} items, {found['users']:,} users")
    echo(f"tokens: {one:,} in stage one, {two:,} in stage two (padding included)")
    parts = ", ".join(f"{name} {size:.2f}" for name, size in found["memory"].items())
    echo(f"memory: {found['total_gb']:.2f} GB of {found['device_gb']:.2f} ({parts})")
    how = "speed tried here" if found["measured"] else "by its data sheet, an extrapolation"
    echo(f"time: {found['hours']:,} hours on {found['device']} ({how})")

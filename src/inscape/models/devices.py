"""Devices of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inscape.errors import DeviceError

if TYPE_CHECKING:
    import torch


def resolve_device(device: str | torch.device | None = "auto") -> torch.device:
    """The device of that name: "auto" (a GPU where there is one), "cpu", "cuda:0", "mps".

    Raises:
        DeviceError: No such device, or not on this machine.
    """
    import torch

    if device is None or device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(1, device=resolved)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise DeviceError(
            f"There is no device {str(device)!r} on this machine.", "Use --device cpu."
        ) from error
    if resolved.type == "meta":
        raise DeviceError("The device 'meta' holds no numbers.", "Use --device cpu.")
    return resolved

"""Checkpoints of networks that Inscape does not open: what they are, and the way out."""

from __future__ import annotations

import re

from inscape.errors import UnsupportedError
from inscape.models.formats._networks import tensor_names
from inscape.storage import Placeholder

_OWN_CODE = (
    "Load it with its own code and pass the module: "
    "inscape.open(module, card={'kind': 'generator', 'latent': {'z_dim': 512}})."
)
_CONVERTER = (
    "Convert it with the authors' legacy.py, in the code of StyleGAN2-ADA and StyleGAN3 for PyTorch: "
    "`python legacy.py --source=OLD.pkl --dest=NEW.pkl`. It reads StyleGAN2 and StyleGAN2-ADA."
)
_NETWORKS = (
    ("a TensorFlow pickle of NVIDIA's code", r"class (dnnlib\.tflib|tfutil)\b", _CONVERTER),
    ("a StyleGAN-XL", r"mapping\.embed_proj\.|class Superres", _OWN_CODE),
    ("an EG3D", r"class TriPlane|backbone\.synthesis\.|(^|\.)superresolution\.block\d", _OWN_CODE),
    ("a StyleGAN-T", r"mapping\.(clip|mlp)\.", _OWN_CODE),
    ("a FastGAN", r"(^|\.)se_64\.main\.", _OWN_CODE),
    (
        "a GFPGAN, which restores photos of faces",
        r"(^|\.)stylegan_decoder\.",
        "Open the StyleGAN2 that it was made from, or load it with its own code and pass the module to "
        "inscape.open.",
    ),
    ("a StyleGAN2 of BasicSR", r"(^|\.)style_conv1\.modulated_conv\.", _OWN_CODE),
    ("a super-resolution network of BasicSR", r"(^|\.)body\.0\.rdb1\.conv1\.|(^|\.)conv_first\.", _OWN_CODE),
    ("a network of GenForce", r"mapping\.dense0\.|synthesis\.layer0\.(style|conv|weight)", _OWN_CODE),
    ("a checkpoint of lucidrains' stylegan2-pytorch", r"(^|\.)blocks\.0\.to_style1\.", _OWN_CODE),
    ("a diffusion model", r"(^|\.)diffusion_model\.|(^|\.)down_blocks\.0\.resnets\.", _OWN_CODE),
)


def refuse_other_network(value: object) -> None:
    """Refuse what is known to be a network of another kind.

    Args:
        value: The content of a file.

    Raises:
        UnsupportedError: It is one; the message begins with a verb.
    """
    if isinstance(value, Placeholder) and value.module == "__main__":
        raise UnsupportedError(
            f"is a whole module of the class {value.title}, whose code is not in the file.",
            "Save its state dict where the class is: torch.save(generator.state_dict(), 'generator.pth').",
        )
    names = "\n".join(tensor_names(value))
    for title, pattern, hint in _NETWORKS:
        if re.search(pattern, names, re.MULTILINE):
            raise UnsupportedError(f"is {title}, which Inscape does not open.", hint)

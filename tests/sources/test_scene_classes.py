from __future__ import annotations

import torch

from inscape.models import open_model
from inscape.scenes import world
from inscape.scenes.tasks import task
from inscape.sources import ScenePictures


def test_scenes_have_the_class_that_the_choices_behind_them_make():
    model = open_model("town-segmenter", device="cpu")
    source = ScenePictures(world("town"), size=16, task=task("building"))
    batch = source.run(model, range(40))
    truth = [task("building").class_of(world("town").scene(seed, size=16).factors) for seed in range(40)]
    assert batch.classes == tuple(-1 if number is None else number for number in truth)
    assert -1 in batch.classes and len(set(batch.classes)) > 8
    assert source.classes == task("building").classes
    plain = ScenePictures(world("town"), size=16).run(model, range(40))
    assert plain.classes == () and torch.equal(plain.inputs, batch.inputs)

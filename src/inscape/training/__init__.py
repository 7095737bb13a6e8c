"""Recipes that train what the zoo ships."""

from inscape.training.recipes import GanRecipe, recipe, recipe_names
from inscape.training.result import TrainResult
from inscape.training.train import train

__all__ = ["GanRecipe", "TrainResult", "recipe", "recipe_names", "train"]

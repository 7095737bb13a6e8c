"""Verbs: what Inscape does, each as a request, a typed result and the function between them."""

from inscape.verbs._line import command_line
from inscape.verbs._parameters import Argument, Option, Parameter, parameters_of
from inscape.verbs._request import Request, Result
from inscape.verbs.registry import GROUPS, NAMES, Verb, verb

__all__ = [
    "Argument",
    "GROUPS",
    "NAMES",
    "Option",
    "Parameter",
    "Request",
    "Result",
    "Verb",
    "command_line",
    "parameters_of",
    "verb",
]

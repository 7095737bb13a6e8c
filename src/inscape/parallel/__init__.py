"""Work spread over the cores of this process, over processes, or over a Ray cluster: the same results."""

from inscape.parallel.executor import Executor, InProcess, Work
from inscape.parallel.opening import open_executor
from inscape.parallel.pictures import over_pictures, pieces_of
from inscape.parallel.processes import Processes

__all__ = ["Executor", "InProcess", "Processes", "Work", "open_executor", "over_pictures", "pieces_of"]

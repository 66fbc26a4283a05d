"""What Troupe's figures are judged by: what the foundation must reach, and what the finished
runtime must reach with all its features on.

Absolute thresholds are for two cores of the kind that a small virtual machine has; a machine
that is slower or shared misses them, and then the ratios to the floor, taken in the same run, say
more. Thresholds between processes are ratios to the floor as a rule.
"""

from typing import Callable, Dict, NamedTuple, Optional, Tuple, Union

# figure -> median, of one program for one item
Figures = Dict[str, float]
# program -> figures
Programs = Dict[str, Figures]
Bound = Union[None, float, Callable[[Programs], Optional[float]]]


class Threshold(NamedTuple):
    more_is_better: bool
    first: Bound
    goal: Bound

    def reached(self, value: float, limit: float) -> bool:
        return value >= limit if self.more_is_better else value <= limit


def at_least(first: Bound, goal: Bound) -> Threshold:
    return Threshold(True, first, goal)


def at_most(first: Bound, goal: Bound) -> Threshold:
    return Threshold(False, first, goal)


def times(factor: float, program: str, figure: str) -> Bound:
    """`factor` times what `program` reached."""

    def bound(programs: Programs) -> Optional[float]:
        value = programs.get(program, {}).get(figure)
        return None if value is None else factor * value

    return bound


INPROC: Dict[Tuple[str, str], Threshold] = {
    ("1a", "rt_per_s"): at_least(20e6, 35e6),
    ("1b", "p50_ns"): at_most(2000, 1000),
    ("1b", "p99_ns"): at_most(None, 2000),
    ("2a", "msg_per_s"): at_least(40e6, 80e6),
    ("2b", "msg_per_s"): at_least(10e6, 30e6),
    ("3a", "msg_per_s"): at_least(30e6, 70e6),
    ("3b", "msg_per_s_1_shard"): at_least(15e6, 40e6),
    ("3b", "msg_per_s_2_shards"): at_least(8e6, 25e6),
    ("4", "s"): at_most(0.4, 0.08),
    ("4", "peak_rss_mb"): at_most(64, 16),
    ("5", "spawn_per_s"): at_least(2e6, 10e6),
    ("5", "kill_per_s"): at_least(2e6, 12e6),
    ("5", "bytes_per_idle_actor"): at_most(400, 128),
    ("6", "ns_per_arm"): at_most(60, 15),
    ("6", "ns_per_cancel"): at_most(60, 15),
    ("6", "cpu_s"): at_most(0.7, 0.3),
    ("7", "msg_per_s"): at_least(10e6, 40e6),
}


_LATENCY = "lat_us_p50"
_SERVER_CPU = "cpu_s_per_1M_server"

NET: Dict[Tuple[str, str], Threshold] = {
    ("8a", "lat_us_p50"): at_most(times(1.3, "floor", _LATENCY), times(1.1, "floor", _LATENCY)),
    ("8a", "lat_us_p50_spin"): at_most(None, times(1.25, "floor", _LATENCY + "_spin")),
    ("8b", "req_per_s"): at_least(500e3, times(0.75, "floor", "req_per_s_spin")),
    ("8b", "cpu_s_per_1M_server"): at_most(None, times(1.3, "floor", _SERVER_CPU)),
    ("8c", "req_per_s"): at_least(700e3, 2.2e6),
    ("9", "msg_per_s"): at_least(2e6, 6e6),
    ("10", "bytes_per_connection"): at_most(4096, 1024),
    ("11", "gb_per_s"): at_least(times(0.5, "floor", "gb_per_s"), times(0.8, "floor", "gb_per_s")),
}
# Figures that have no threshold and of which less is better.
COSTS = ("lat_us", "cpu_s", "bytes_per", "ns_per")


def resolve(bound: Bound, programs: Programs) -> Optional[float]:
    return bound(programs) if callable(bound) else bound

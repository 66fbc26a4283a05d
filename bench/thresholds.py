"""What Troupe's figures are judged by. `first` is what the foundation reached: a figure that falls
behind it has regressed. `goal` is what the finished runtime must reach with all its features on.

Goals are ratios to the floor, taken in the same run, wherever the item has a floor. Absolute
thresholds are for two cores of the kind that a small virtual machine has; a machine that is slower
or shared misses them.
"""

from typing import Dict, NamedTuple, Optional, Tuple, Union

# figure -> median, of one program for one item
Figures = Dict[str, float]
# program -> figures
Programs = Dict[str, Figures]


class Times(NamedTuple):
    """`factor` times what `program` reached."""
    factor: float
    program: str
    figure: str

    def __call__(self, programs: Programs) -> Optional[float]:
        value = programs.get(self.program, {}).get(self.figure)
        return None if value is None else self.factor * value


class Strictest(NamedTuple):
    """All of several bounds, of which those that are known count."""
    more_is_better: bool
    bounds: Tuple["Bound", ...]

    def __call__(self, programs: Programs) -> Optional[float]:
        known = [value for value in (resolve(bound, programs) for bound in self.bounds)
                 if value is not None]
        if not known:
            return None
        return max(known) if self.more_is_better else min(known)


Bound = Union[None, float, Times, Strictest]


def resolve(bound: Bound, programs: Programs) -> Optional[float]:
    return bound(programs) if callable(bound) else bound


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
    return Times(factor, program, figure)


def rate(figure: str, first: Bound, of_floor: float) -> Threshold:
    """Of which more is better: at least that share of the floor's."""
    return at_least(first, times(of_floor, "floor", figure))


def cost(figure: str, first: Bound, of_floor: float) -> Threshold:
    """Of which less is better: the floor's is at least that share of it."""
    return at_most(first, times(1 / of_floor, "floor", figure))


INPROC: Dict[Tuple[str, str], Threshold] = {
    ("1a", "rt_per_s"): rate("rt_per_s", 20e6, 0.60),
    ("1b", "p50_ns"): cost("p50_ns", 2000, 0.45),
    ("1b", "p99_ns"): cost("p99_ns", None, 0.45),
    ("2a", "msg_per_s"): rate("msg_per_s", 40e6, 0.60),
    ("2b", "msg_per_s"): rate("msg_per_s", 10e6, 0.25),
    ("3a", "msg_per_s"): rate("msg_per_s", 30e6, 0.65),
    # Ahead of Asio as well.
    ("3b", "msg_per_s_1_shard"): at_least(15e6, Strictest(True, (
        times(0.90, "floor", "msg_per_s_1_shard"), times(1.0, "asio", "msg_per_s_1_shard")))),
    ("3b", "msg_per_s_2_shards"): at_least(8e6, 50e6),
    ("4", "s"): cost("s", 0.4, 0.45),
    ("4", "peak_rss_mb"): at_most(64, 8),
    ("5", "spawn_per_s"): rate("spawn_per_s", 2e6, 0.30),
    ("5", "kill_per_s"): rate("kill_per_s", 2e6, 0.10),
    ("5", "bytes_per_idle_actor"): at_most(400, 128),
    ("6", "ns_per_arm"): cost("ns_per_arm", 60, 0.40),
    ("6", "ns_per_cancel"): cost("ns_per_cancel", 60, 0.80),
    ("6", "ns_per_first_arm"): at_most(None, 40),
    ("6", "cpu_s"): at_most(0.7, 0.3),
    ("7", "msg_per_s"): rate("msg_per_s", 10e6, 0.10),
    ("13", "rss_mb_at_rest"): at_most(None, 48),
    ("13", "cpu_64_to_2_shards"): at_most(None, 2),
    ("14", "refused_percent_of_2"): at_most(None, 0),
    ("14", "refused_percent_of_4"): at_most(None, 0),
    ("15", "ms_stall_monitors"): at_most(None, 5),
    ("15", "ms_stall_requests"): at_most(None, 5),
    ("15", "ms_stall_streams"): at_most(None, 5),
    # Below a file that includes grpcpp as well, where there is one.
    ("16", "compile_s"): at_most(None, Strictest(False, (1.3, times(1.0, "grpc", "compile_s")))),
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
COSTS = ("lat_us", "cpu_", "bytes_per", "ns_per")

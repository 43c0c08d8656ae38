"""Every metric, once: name, meaning, labels. Any room may count; who reads it is none of its business.

The values of labels are words of ours, few and known before, or names of trunks: never what a customer wrote, no
account and no address.
"""

import platform
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from depesche import __version__

PAGE_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""Content-Type of `page`."""

REGISTRY = CollectorRegistry(auto_describe=False)


@dataclass(frozen=True, slots=True)
class Metric:
    """What the reference says of one."""

    name: str
    """As it is asked for; a histogram's has ``_bucket``, ``_sum`` or ``_count`` behind it."""

    kind: str
    """``counter``, ``gauge`` or ``histogram``."""

    meaning: str
    labels: tuple[str, ...]

    @property
    def series(self) -> tuple[str, ...]:
        """Every name under which values are found."""
        if self.kind != "histogram":
            return (self.name,)
        return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))


ALL: list[Metric] = []


def page() -> bytes:
    """What Prometheus reads."""
    return generate_latest(REGISTRY)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    ALL.append(Metric(name, "counter", meaning, labels))
    return Counter(name, meaning, labels, registry=REGISTRY)


def _gauge(name: str, meaning: str, *labels: str) -> Gauge:
    ALL.append(Metric(name, "gauge", meaning, labels))
    return Gauge(name, meaning, labels, registry=REGISTRY)


def _histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    ALL.append(Metric(name, "histogram", meaning, labels))
    return Histogram(name, meaning, labels, registry=REGISTRY, buckets=buckets)


disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began: as many numbers again, and nobody asks for them
ProcessCollector(registry=REGISTRY)

DELIVERIES = _gauge(
    "depesche_deliveries",
    "Deliveries that are not final, of the whole installation: every node tells the same.",
    "channel",
    "state",
)
OLDEST = _gauge(
    "depesche_oldest_seconds",
    "For how long the oldest delivery in this state has been due, 0 if there is none; of those that are ready, the one "
    "whose turn is next. Of the whole installation.",
    "channel",
    "state",
)
JOBS = _counter("depesche_jobs_accepted_total", "Orders that were accepted.", "channel")
RECIPIENTS = _counter("depesche_recipients_accepted_total", "Good recipients of these orders.", "channel")
ATTEMPTS = _counter("depesche_attempts_total", "Attempts that ended, by the word of `$STAT`.", "channel", "result")
CALLS = _gauge("depesche_line_calls", "Deliveries that this node has in hand.", "channel")
PLACES = _gauge("depesche_line_places", "How many it may have in hand at once.", "channel")

LINE_UP = _gauge("depesche_line_up", "1 where this trunk is up at this node, 0 where it is not.", "line")
TRUNK_CALLS = _gauge("depesche_trunk_calls", "Calls on this trunk at this node, ours and those of others.", "line")
TICK_LATE = _histogram(
    "depesche_tick_late_seconds",
    "How much too late a tick of the fax calls of a line process came, the worst of five seconds. Where it is often "
    "more than 0.02, there are more calls than its core carries.",
    (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1),
)

SOAP = _histogram(
    "depesche_soap_seconds",
    "From the end of a request to its answer. `operation` is `none` where no call was read, `code` the return code, or "
    "`Client`, `Server` or `VersionMismatch` for a Fault; one that comes before the end of the request counts 0.",
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25),
    "operation",
    "code",
)
RENDER = _histogram(
    "depesche_render_seconds",
    "Making the pages of one order, the wait for a worker included, whether it goes well or not.",
    (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
    "task",
)
RENDER_FAILURES = _counter(
    "depesche_render_failures_total",
    "Orders whose documents did not become pages: `Unsupported`, `Damaged`, `NotWhole` for the document's fault, "
    "`ConverterFailed` for ours.",
    "kind",
)
CALLBACKS = _counter(
    "depesche_callbacks_total",
    "Calls of STATURL: `ok`, `failed` (it is repeated), `given_up` (it failed, and is not repeated any more).",
    "outcome",
)
PRUNED = _counter(
    "depesche_pruned_total",
    "What was old enough and went, on the node that does so for all: `blobs` are files that no row named any more.",
    "what",
)
LOOP_FAILURES = _counter("depesche_loop_failures_total", "Rounds of a loop that failed.", "loop")

DATABASE = _histogram(
    "depesche_database_seconds",
    "One transaction (`write`) or view (`read`), from the wish to the commit, the wait for its turn included; short "
    "looks at single rows are not counted.",
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    "kind",
)
DATABASE_WAITING = _gauge("depesche_database_waiting", "Transactions and views that wait for their turn.", "kind")
DISK_FREE = _gauge("depesche_disk_free_bytes", "Free on the disk of the data folder.")
DISK_SIZE = _gauge("depesche_disk_size_bytes", "All of that disk.")
BUILD = _gauge("depesche_build_info", "1; the labels tell what runs.", "version", "python")

BUILD.labels(__version__, platform.python_version()).set(1)
for _outcome in ("ok", "failed", "given_up"):  # a rise is seen only from a value that was there before
    CALLBACKS.labels(_outcome)

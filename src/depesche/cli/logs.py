"""How the program's own records look: lines for people on a terminal, JSON for machines elsewhere."""

import logging
import re
import sys
from datetime import datetime

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_ROWS = re.compile(r"^(?:DETAIL|CONTEXT):.*\n?", re.MULTILINE)
"""Where PostgreSQL quotes what stands in a row: addresses among it."""


def configure(*, quiet: bool = False) -> None:
    """Set up structlog, and what libraries log through the standard library; `quiet` lets only errors through."""
    level = logging.ERROR if quiet else logging.INFO
    enriched: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
    ]
    shown = _shown()
    structlog.configure(
        processors=[*enriched, *shown],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=enriched,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _shown() -> list[Processor]:
    if sys.stderr.isatty():
        return [
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    return [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_rows,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=_written),
    ]


def _without_rows(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """What a database says, be it in a traceback, without the rows that it shows."""
    del logger, method
    return {name: _ROWS.sub("", value) if _is_long(value) else value for name, value in line.items()}


def _is_long(value: object) -> bool:
    return isinstance(value, str) and "\n" in value


def _written(value: object) -> str:
    """What JSON has no form for: times as all other times are, the rest as Python shows it."""
    return value.isoformat() if isinstance(value, datetime) else repr(value)

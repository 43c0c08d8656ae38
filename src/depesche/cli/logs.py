"""How the program's own records look: lines for people on a terminal, JSON for machines elsewhere."""

import logging
import sys

import structlog


def configure(*, quiet: bool = False) -> None:
    """Set up structlog once; `quiet` lets only warnings through."""
    renderer = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shown = [structlog.processors.format_exc_info] if not sys.stderr.isatty() else []
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *shown,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )

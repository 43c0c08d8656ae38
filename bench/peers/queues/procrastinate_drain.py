"""``procrastinate_drain.py DSN JOBS AT_ONCE``: Procrastinate empties a queue of idle jobs; prints seconds."""

import asyncio
import sys
import time

from procrastinate import App, PsycopgConnector

BATCH = 1000


async def main(dsn: str, jobs: int, at_once: int) -> None:
    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=4, max_size=8))
    done = 0

    @app.task(name="noop")
    async def noop() -> None:
        nonlocal done
        done += 1

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for begin in range(0, jobs, BATCH):
            await noop.batch_defer_async(*[{}] * min(BATCH, jobs - begin))
        start = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=at_once, install_signal_handlers=False)
        seconds = time.perf_counter() - start
        assert done == jobs, f"{done} of {jobs} jobs were done"
        print(seconds)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

"""``pgqueuer_drain.py DSN JOBS BATCH``: PgQueuer empties a queue of jobs that do nothing; prints seconds."""

import asyncio
import sys
import time

import asyncpg
from pgqueuer import AsyncpgPoolDriver, Job, PgQueuer, Queries
from pgqueuer.types import QueueExecutionMode

AT_ONCE = 1000


async def main(dsn: str, jobs: int, batch: int) -> None:
    async with asyncpg.create_pool(dsn, min_size=4, max_size=8) as pool:
        driver = AsyncpgPoolDriver(pool)
        await Queries(driver).install()
        for begin in range(0, jobs, AT_ONCE):
            number = min(AT_ONCE, jobs - begin)
            await Queries(driver).enqueue(["noop"] * number, [b""] * number, [0] * number)
        worker, done = PgQueuer(driver), 0

        @worker.entrypoint("noop")
        async def noop(job: Job) -> None:
            nonlocal done
            del job
            done += 1

        start = time.perf_counter()
        await worker.run(batch_size=batch, mode=QueueExecutionMode.drain)
        seconds = time.perf_counter() - start
        left = await pool.fetchval("SELECT count(*) FROM pgqueuer")
        assert (done, left) == (jobs, 0), f"{done} of {jobs} jobs were done, {left} are left"
        print(seconds)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

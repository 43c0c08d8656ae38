"""``huey_drain.py FILE JOBS WORKERS``: huey empties a queue of jobs that do nothing; prints the seconds it took."""

import sys
import threading
import time

from huey import SqliteHuey


def main(path: str, jobs: int, workers: int) -> None:
    queue = SqliteHuey(filename=path, fsync=True, results=False)
    done = 0
    all_done = threading.Event()
    counting = threading.Lock()

    @queue.task()
    def noop() -> None:
        nonlocal done
        with counting:
            done += 1
            if done == jobs:
                all_done.set()

    for _ in range(jobs):
        noop()
    consumer = queue.create_consumer(workers=workers, periodic=False, initial_delay=0.001, max_delay=0.01)
    start = time.perf_counter()
    consumer.start()
    assert all_done.wait(600), f"{done} of {jobs} jobs were done"
    print(time.perf_counter() - start)
    consumer.stop(graceful=True)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

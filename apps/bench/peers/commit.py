"""Commits a change of so many rows some times with SQLite; prints the seconds of the middle commit, and the bytes written for each.

    commit.py FILE ROWS CHANGED COMMITS
"""

import sqlite3
import sys
import time

file = sys.argv[1]
rows, changed, commits = map(int, sys.argv[2:5])


def written():
    with open("/proc/self/io") as counters:
        return next(int(line.split()[1]) for line in counters if line.startswith("write_bytes"))


db = sqlite3.connect(file, isolation_level=None)
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE IF NOT EXISTS params (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")


def commit(n, count):
    changes = [(f"parameter_{row}", f"value {n} of {row}") for row in range(count)]
    start = time.perf_counter()
    db.execute("BEGIN")
    db.executemany("INSERT OR REPLACE INTO params VALUES (?, ?)", changes)
    db.execute("COMMIT")
    return time.perf_counter() - start


commit("before", rows)
before = written()
times = [commit(n, changed) for n in range(commits)]
print(sorted(times)[len(times) // 2], (written() - before) // commits)

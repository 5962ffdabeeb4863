"""Commits a change of so many rows some times with SQLite; prints the seconds of the middle commit, and the bytes written for each.

    commit.py FILE ROWS COMMITS
"""

import sqlite3
import sys
import time

file, rows, commits = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def written():
    with open("/proc/self/io") as counters:
        return next(int(line.split()[1]) for line in counters if line.startswith("write_bytes"))


db = sqlite3.connect(file, isolation_level=None)
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE IF NOT EXISTS params (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
times = []
before = written()
for n in range(commits):
    changes = [(f"parameter_{row}", f"value {n} of {row}") for row in range(rows)]
    start = time.perf_counter()
    db.execute("BEGIN")
    db.executemany("INSERT OR REPLACE INTO params VALUES (?, ?)", changes)
    db.execute("COMMIT")
    times.append(time.perf_counter() - start)
print(sorted(times)[len(times) // 2], (written() - before) // commits)

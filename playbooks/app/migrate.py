"""Brings the database up to the newest of migrations/NNN_name.sql; prints what it applied."""

import contextlib
import pathlib
import sqlite3
import sys

import settings

FOLDER = pathlib.Path(__file__).resolve().parent / "migrations"


def migrate(database, folder=FOLDER):
    applied = []
    with contextlib.closing(sqlite3.connect(database, timeout=10)) as db:
        (at,) = db.execute("PRAGMA user_version").fetchone()
        for path in sorted(folder.glob("[0-9]*.sql")):
            number = int(path.name.split("_")[0])
            if number > at:
                # One transaction: a migration that fails leaves its number as it was.
                db.executescript(f"BEGIN;\n{path.read_text()}\nPRAGMA user_version = {number};\nCOMMIT;")
                applied.append(path.name)
    return applied


if __name__ == "__main__":
    for name in migrate(settings.load()["database"]):
        sys.stdout.write(f"applied {name}\n")

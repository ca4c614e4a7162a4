#!/usr/bin/env python3
"""Compares the facts of rplay and of ansible-core key by key.

usage: compare_facts.py OURS THEIRS [SUBSET...]

OURS and THEIRS are shell commands that print what `ansible localhost -m setup` prints; `{}` in them stands for the
arguments of the module. Each SUBSET is a value of gather_subset (default: all). Facts that change between two runs are
compared by their types alone, lists whose order says nothing as sets. Exits with 1 where anything differs.
"""
import json
import shlex
import subprocess
import sys
import time

MOVING = {
    "ansible_date_time", "ansible_loadavg", "ansible_memfree_mb", "ansible_memory_mb", "ansible_swapfree_mb",
    "ansible_uptime_seconds", "block_available", "block_used", "inode_available", "inode_used", "size_available",
}
UNORDERED = {
    "ansible_virtualization_tech_guest", "ansible_virtualization_tech_host", "ansible_interfaces", "ansible_mounts",
}
# The interpreter that runs ansible-core's module, and what it puts into the environment, are its own.
THEIR_OWN = {"ansible_python", "ansible_python_version", "ansible_env", "ansible_selinux_python_present"}


def facts(command, subset):
    args = "gather_subset=" + subset
    start = time.monotonic()
    out = subprocess.run(command.replace("{}", shlex.quote(args)), shell=True, capture_output=True, text=True)
    took = time.monotonic() - start
    if "{" not in out.stdout:
        sys.exit(f"{command}: {out.stdout}{out.stderr}")
    result = json.loads(out.stdout[out.stdout.index("{"):])
    return result.get("ansible_facts", result), took


def compare(path, ours, theirs, moving=False):
    key = path.rsplit(".", 1)[-1]
    moving = moving or key in MOVING
    if type(ours) is not type(theirs):
        yield f"{path}: {ours!r} is no {type(theirs).__name__} like {theirs!r}"
    elif isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            if path == "" and name in THEIR_OWN:
                continue
            if name not in ours:
                yield f"{path}.{name}: missing; theirs {json.dumps(theirs[name])[:200]}"
            elif name not in theirs:
                yield f"{path}.{name}: only ours: {json.dumps(ours[name])[:200]}"
            else:
                yield from compare(f"{path}.{name}" if path else name, ours[name], theirs[name], moving)
    elif isinstance(theirs, list):
        if key in UNORDERED:
            ours, theirs = sorted(ours, key=json.dumps), sorted(theirs, key=json.dumps)
        if len(ours) != len(theirs):
            yield f"{path}: {ours} is not {theirs}"
        for i, (a, b) in enumerate(zip(ours, theirs)):
            yield from compare(f"{path}.{i}", a, b, moving)
    elif not moving and ours != theirs:
        yield f"{path}: {ours!r} is not {theirs!r}"


def main():
    ours, theirs, *subsets = sys.argv[1:]
    bad = 0
    for subset in subsets or ["all"]:
        (a, fast), (b, slow) = facts(ours, subset), facts(theirs, subset)
        lines = list(compare("", a, b))
        bad += len(lines)
        print(f"{subset}: {len(b)} facts, {len(lines)} differ, {fast:.3f} s against {slow:.3f} s")
        for line in lines:
            print("  " + line)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The renderings of benches/templates.rs by ansible-core's Templar and by compiled jinja2, for comparison.

Run with the Python of an ansible-core 2.19.14 installation: python benches/templates.py
"""
import time

import jinja2
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

init_plugin_loader()

VARS = {"a": "one", "b": {"stdout": "two"}, "v0": "the end"}
for number in range(1, 51):
    VARS[f"v{number}"] = trust_as_template(f"{{{{ v{number - 1} }}}}")
for name in ("big", "other"):
    VARS[name] = {f"{name}{number}": number for number in range(10_000)}
FILE = "listen {{ a }}:{{ b.stdout | upper }} # {% if a == 'one' %}yes{% else %}no{% endif %}\n" * 5000

TEXTS = [
    ("a path, cached", "{{ a }}/{{ b.stdout }}"),
    ("fifty lazy variables", "{{ v50 }}"),
    ("combine over 10,000 keys", "{{ big | combine(other) }}"),
    ("a file of 5,000 lines, cached", FILE),
]


def measure(what, seconds=2.0):
    """The median time of a call, in microseconds."""
    what()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        what()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e6


def main():
    templar = Templar(loader=DataLoader(), variables=VARS)
    environment = jinja2.Environment()
    for name, text in TEXTS:
        trusted = trust_as_template(text)
        print(f"{name:32} Templar {measure(lambda: templar.template(trusted)):12.1f} us")
    # jinja2 itself knows neither lazy variables nor Ansible's filters.
    for name, text in (TEXTS[0], TEXTS[3]):
        compiled = environment.from_string(text)
        print(f"{name:32} jinja2  {measure(lambda: compiled.render(VARS)):12.1f} us")


if __name__ == "__main__":
    main()

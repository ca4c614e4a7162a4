"""Writes the tables of names in src/content from an installed `ansible` package.

Run with the Python of a virtualenv that has ansible-core 2.19.14 and ansible 12.3:
    python tests/baselines/content_names.py src/content
"""
import glob
import json
import os
import subprocess
import sys

import ansible
import ansible_collections
import yaml

out = sys.argv[1]
core = os.path.dirname(ansible.__file__)
collections = list(ansible_collections.__path__)[0]


def names(kind):
    text = subprocess.run(["ansible-doc", "-t", kind, "-l", "--json"], capture_output=True, text=True, check=True).stdout
    return sorted(json.loads(text))


def grouped(fqcns):
    groups = {}
    for fqcn in fqcns:
        namespace, name, rest = fqcn.split(".", 2)
        groups.setdefault(f"{namespace}.{name}", []).append(rest)
    return "".join(f"{c} {' '.join(sorted(set(n)))}\n" for c, n in sorted(groups.items()))


def read(path):
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return yaml.safe_load(file) or {}


def routing(path):
    return read(path).get("plugin_routing") or {}


modules = set(names("module"))
redirects = {}
groups = set()
removed = {}
for runtime in [core + "/config/ansible_builtin_runtime.yml"] + sorted(glob.glob(collections + "/*/*/meta/runtime.yml")):
    builtin = runtime.startswith(core)
    prefix = "" if builtin else ".".join(runtime.split("/")[-4:-2]) + "."
    table = routing(runtime)
    groups |= {(prefix or "ansible.builtin.") + name.split(".")[-1] for name in read(runtime).get("action_groups") or {}}
    for kind in ("action", "modules"):
        for name, route in (table.get(kind) or {}).items():
            if name.startswith(("formerly_core", "uses_redirected")):
                continue
            full = prefix + name
            if route.get("redirect"):
                redirects[full] = route["redirect"]
            elif route.get("tombstone"):
                removed[full] = route["tombstone"]
    for action in glob.glob(os.path.dirname(runtime) + "/../plugins/action/*.py"):
        name = prefix + os.path.basename(action)[:-3]
        if prefix and not name.endswith("__init__"):
            modules.add(name)
redirects = {k: v for k, v in redirects.items() if k != v and not v.startswith("testns")}

with open(out + "/modules.txt", "w") as file:
    file.write(grouped(modules))
with open(out + "/redirects.txt", "w") as file:
    for name, target in sorted(redirects.items()):
        short = target.rsplit(".", 1)[-1]
        same = short == name.rsplit(".", 1)[-1]
        file.write(f"{name} {target[: -len(short)] if same else target}\n")
with open(out + "/groups.txt", "w") as file:
    file.write("".join(name + "\n" for name in sorted(groups) if ".test" not in name))
with open(out + "/lookups.txt", "w") as file:
    lookups = set(names("lookup"))
    lookups |= {n for n in (routing(core + "/config/ansible_builtin_runtime.yml").get("lookup") or {})}
    file.write("".join(n + "\n" for n in sorted({n.removeprefix("ansible.builtin.") for n in lookups})))

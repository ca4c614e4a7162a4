#!/usr/bin/env python3
"""Records what ansible-core makes of inventories and host patterns.

Run it with a Python that has ansible-core 2.19.14; it writes inventory.jsonl and patterns.jsonl
beside itself. `$DIR` stands for the folder that a row's files are in.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

CHILD = r"""
import json, sys
row = json.load(sys.stdin)
import ansible.inventory.manager as manager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader

init_plugin_loader()

def plain(value):
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)

def loaded(sources):
    try:
        return manager.InventoryManager(DataLoader(), sources=sources), None
    except Exception as ex:
        return None, str(ex)

if 'patterns' in row:
    said = []
    inventory, _ = loaded(row['sources'])
    manager.display.warning = lambda msg, *a, **k: said.append(msg)
    out = []
    for pattern, limit in row['patterns']:
        said.clear()
        inventory.clear_caches()
        inventory._inventory.localhost = None
        result = {'pattern': pattern, 'limit': limit}
        try:
            inventory.subset(limit)
            result['hosts'] = [h.name for h in inventory.get_hosts(pattern)]
        except Exception as ex:
            result['error'] = str(ex)
        result['warnings'] = list(said)
        out.append(result)
    print(json.dumps(out))
else:
    inventory, error = loaded(row['sources'])
    out = {'error': error}
    if inventory:
        out['hosts'] = {h.name: plain(h.vars) for h in inventory.hosts.values()}
        out['group_names'] = {h.name: sorted(g.name for g in h.groups if g.name != 'all') for h in inventory.hosts.values()}
        out['groups'] = {
            g.name: {
                'vars': plain(g.vars), 'hosts': [h.name for h in g.hosts], 'children': [c.name for c in g.child_groups],
                'depth': g.depth, 'priority': g.priority, 'all': [h.name for h in g.get_hosts()],
            } for g in inventory.groups.values()
        }
    print(json.dumps(out))
"""

INI = {}


def ini(name, text, **more):
    INI[name] = dict(files={'hosts': text}, sources=['$DIR/hosts'], **more)


def yml(name, text, **more):
    INI[name] = dict(files={'hosts.yml': text}, sources=['$DIR/hosts.yml'], **more)


def script(name, text, **more):
    INI[name] = dict(files={'inv.sh': '#!/bin/sh\n' + text}, executable=['inv.sh'], sources=['$DIR/inv.sh'], **more)


ini('empty', '')
ini('comment only', '# nothing\n; nothing\n')
ini('plain', 'a\nb ansible_host=10.0.0.1 # note\n[web]\na\nc:2222\n')
ini('range', '[web]\nw[01:05:2]\n[db]\nd[a:c].x ansible_user=me\n')
ini('two ranges', 'r[1:2]-[a:b]:22\n')
ini('children', '[web]\nw1\n[db]\nd1\n[prod:children]\nweb\ndb\n[top:children]\nprod\n')
ini('children first', '[prod:children]\nweb\ndb\n[web]\nw1\n[db]\nd1\n')
ini('children pending deep', '[top:children]\nmid\n[mid:children]\nlow\n[low]\nx\n')
ini('vars', '[web]\nw1\n[web:vars]\na=1\nb = two words \nc="quoted"\nd=\'0644\'\ne=0644\nf=True\ng=true\nh=[1, "x"]\ni={"a": None}\nj=\nk=a=b\nl=5 # five\nm=x # y\n')
ini('inline values', 'h a=1 b="two words" c=\'"q"\' d=0644 e="[1, 2]" f={"a":1} g=1,2 h=None i=1.5 j=-3 k=0x1f l=1e3 m=x#y\n')
ini('escapes', 'h a="a\\tb" b=a\\ b c=\'a\\tb\' d="\\"x\\""\n[all:vars]\ne="a\\tb"\nf=a\\tb\n')
ini('templates', 'h a="{{ b }}" b={{x}}\n[all:vars]\nc={{ y }}\n')
ini('priority', '[a]\nh\n[b]\nh\n[a:vars]\nansible_group_priority=10\nx=1\n')
ini('bad priority', '[a]\nh\n[a:vars]\nansible_group_priority=ten\n')
ini('undefined child', '[a:children]\nnope\n')
ini('undefined vars', '[nope:vars]\na=1\n')
ini('unknown section', '[a:what]\nx\n')
ini('bad section', '[a b]\nx\n')
ini('bad assignment', 'h a\n')
ini('bad vars line', '[a]\nh\n[a:vars]\nnothing\n')
ini('bad child line', '[a:children]\nb c\n')
ini('open quote', 'h a="x\n')
ini('colon end', 'h:\n')
ini('yaml start', '---\n')
ini('loop', '[a:children]\nb\n[b:children]\na\n')
ini('self child', '[a:children]\na\n')
ini('dashed group', '[web-servers]\nh\n')
ini('dashed group transformed', '[web-servers]\nh\n[x:children]\nweb-servers\n', env={'ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS': 'always'})
ini('dashed group silently', '[web-servers]\nh\n', env={'ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS': 'silently'})
ini('invalid variable', 'h a-b=1\n')
ini('same name', '[web]\nweb\n')
ini('localhost twice', 'localhost\n127.0.0.1\n')
ini('localhost', 'localhost ansible_connection=local\n')
ini('ungrouped then grouped', 'a\nb\n[g]\na\n[ungrouped]\nc\n')
ini('all section', '[all]\na\n[all:vars]\nx=1\n[ungrouped:vars]\ny=2\n')
ini('ipv6', '[fe80::1]:22\n::1\nfe80::2\n2001:db8::[1:2]\n')
ini('range errors', 'h[1:]\n')
ini('range lengths', 'h[01:100]\n')
ini('range backwards', 'h[z:a]\n')
ini('repeated', '[a]\nh x=1\n[b]\nh x=2 y=3\n')
ini('comment after section', '[a] # note\nh\n[b]#x\ni\n')
ini('spaces', '  a   b=1   c=2  \n\t[g]\n\tx\n')
ini('diamond', '[base]\nh\n[l:children]\nbase\n[r:children]\nbase\n[top:children]\nl\nr\n')
ini('any failed', 'h a\n', env={'ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED': '1'})
ini('none parsed failed', 'h a\n', env={'ANSIBLE_INVENTORY_UNPARSED_FAILED': '1'})
yml('yaml', 'all:\n  hosts:\n    a:\n    b: {x: 1, y: "{{ z }}"}\n  children:\n    web:\n      hosts: {w[1:2]: {p: no}}\n      vars: {v: [1, {k: 2}]}\n  vars: {top: yes}\n')
yml('yaml top groups', 'web:\n  hosts:\n    a: \ndb:\n  hosts: d\n  children: {sub: {hosts: {s: }}}\n')
yml('yaml empty', '')
yml('yaml list', '- a\n')
yml('yaml syntax', 'a: [1\n')
yml('yaml strange key', 'all:\n  hosts: {a: }\n  other: {b: 1}\n  text: x\n')
yml('yaml bad hosts', 'all:\n  hosts: [a, b]\n')
yml('yaml group text', 'all:\n  children:\n    web: text\n')
yml('yaml int host', 'all:\n  hosts:\n    1: \n')
yml('yaml int group', '5:\n  hosts: {a: }\n')
yml('yaml host vars text', 'all:\n  hosts:\n    a: text\n')
yml('yaml port', 'all:\n  hosts:\n    a:22: {}\n    "b:22": {}\n')
yml('yaml unsafe', 'all:\n  hosts:\n    a: {x: !unsafe "{{ y }}", d: 2024-01-02, o: 0755}\n')
script('script', 'echo \'{"web": {"hosts": ["a", "b"], "vars": {"x": "{{ y }}"}, "children": ["sub"]}, "sub": ["c"], "_meta": {"hostvars": {"a": {"p": 1}}}}\'\n')
script('script per host', 'if [ "$1" = --list ]; then echo \'{"web": {"hosts": ["a"]}}\'; else echo "{\\"name\\": \\"$2\\"}"; fi\n')
script('script malformed group', 'echo \'{"web": {"x": 1}, "_meta": {"hostvars": {}}}\'\n')
script('script no json', 'echo oops >&2; echo nope\n')
script('script fails', 'echo oops >&2; exit 3\n')
script('script list', 'echo \'[]\'\n')
script('script bad hosts', 'echo \'{"web": {"hosts": "a"}, "_meta": {"hostvars": {}}}\'\n')
INI['host list'] = dict(files={}, sources=['a,b:22, c ,[fe80::1]:5,x[1:2]'])
INI['host list localhost'] = dict(files={}, sources=['localhost,'])
INI['missing'] = dict(files={}, sources=['$DIR/nope'])
INI['none'] = dict(files={}, sources=[])
INI['two sources'] = dict(files={'one': '[web]\na x=1\n', 'two.yml': 'web: {hosts: {a: {x: 2}, b: }}\n'}, sources=['$DIR/one', '$DIR/two.yml', 'c,'])
INI['folder'] = dict(
    files={
        'inv/10-a': '[web]\na\n', 'inv/20-b.yml': 'db: {hosts: {d: }}\n', 'inv/.hidden': 'h\n', 'inv/x.cfg': 'h\n', 'inv/x.orig': 'h\n',
        'inv/group_vars/web': 'v: 1\n', 'inv/sub/30-c': '[sub]\ns\n', 'inv/old~': 'h\n', 'inv/README.md': 'h\n',
    },
    sources=['$DIR/inv'],
)
INI['folder ignoring'] = dict(files={'inv/a': 'a\n', 'inv/skip-me': 'b\n'}, sources=['$DIR/inv'], env={'ANSIBLE_INVENTORY_IGNORE_REGEX': 'skip.*'})
INI['plugins'] = dict(files={'hosts': 'a\n'}, sources=['$DIR/hosts'], env={'ANSIBLE_INVENTORY_ENABLED': 'nope,yaml'})

PATTERNS = [
    'all', '*', 'web', 'w1', 'web,db', 'web:db', 'web:!w1', '!w1', '&db', 'web:&prod', 'all:!web:&prod', 'web,!w1,&prod', 'w*', '*1', 'w[1:2]',
    'web[0]', 'web[-1]', 'web[1:]', 'web[0:1]', 'web[0-1]', 'web[9]', 'web[9:10]', 'web[2:0]', 'all[0]', '~w[12]', '~.*1', '~(', 'nope', 'nope,w1',
    'localhost', '127.0.0.1', '::1', 'localhost,w1', 'ungrouped', 'prod', 'pr?d', 'w1,w1', 'w2,w1', 'web[0],db[0]', 'db:web', 'dotted.example.com',
    '*.example.com', 'web*[0:2]', '!all', 'w1:!w1', '', 'w[!1]', 'w[12]', '~web|db', '&nope', '!nope', 'w1 , w2', 'web:!nope', 'l*[0]', 'all[-9]', 'empty', 'empty[0]',
]
LIMITS = [('all', 'web'), ('all', 'w1,d1'), ('web', '!w1'), ('all', 'nope'), ('web', 'db'), ('all', '&web'), ('all', '~w1'), ('web', 'web[0]'), ('localhost', 'localhost'),
          ('localhost', 'web'), ('all', ''), ('all', 'all:!web'), ('all', '@$DIR/limit'), ('all', '@$DIR/nope'), ('all', '@$DIR'), ('db,web', 'w*')]
HOSTS = ('lone\ndotted.example.com\n[web]\nw1\nw2\nw3\n[db]\nd1\nw2\n[prod:children]\nweb\n[empty]\n[web2]\nw1\n')


def child(row, folder, env):
    text = json.dumps(row).replace('$DIR', folder)
    environment = {'PATH': os.environ['PATH'], 'HOME': folder + '/.home', 'ANSIBLE_NOCOLOR': '1', 'LC_ALL': 'C.UTF-8', **env}
    done = subprocess.run([sys.executable, '-c', CHILD], input=text, capture_output=True, text=True, env=environment, cwd=folder)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.replace(folder, '$DIR')), done.stderr.replace(folder, '$DIR')


def write(folder, row):
    for path, text in row['files'].items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, 'w') as file:
            file.write(text)
    for path in row.get('executable', []):
        os.chmod(os.path.join(folder, path), 0o755)


def main():
    with open(os.path.join(HERE, 'inventory.jsonl'), 'w') as out:
        for name, row in INI.items():
            with tempfile.TemporaryDirectory() as folder:
                write(folder, row)
                result, stderr = child(row, folder, row.get('env', {}))
            out.write(json.dumps({'name': name, **row, 'result': result, 'stderr': stderr}) + '\n')
    row = dict(files={'hosts': HOSTS, 'limit': 'w1\nd1\n\n'}, sources=['$DIR/hosts'], patterns=[(p, None) for p in PATTERNS] + LIMITS)
    with tempfile.TemporaryDirectory() as folder:
        write(folder, row)
        results, _ = child(row, folder, {})
    with open(os.path.join(HERE, 'patterns.jsonl'), 'w') as out:
        out.write(json.dumps({'files': row['files'], 'sources': row['sources']}) + '\n')
        for result in results:
            out.write(json.dumps(result) + '\n')


if __name__ == '__main__':
    main()

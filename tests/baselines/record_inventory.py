#!/usr/bin/env python3
"""Records what ansible-core makes of inventories and host patterns.

Run it with a Python that has ansible-core 2.19.14; it writes inventory.jsonl and patterns.jsonl
beside itself; of inventories those alone whose names hold one of the words given, where there are
any. `$DIR` stands for the folder that a row's files are in.
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
if row.get('extra'):
    from ansible import context
    from ansible.module_utils.common.collections import ImmutableDict
    context.CLIARGS = ImmutableDict(extra_vars=row['extra'])

def plain(value):
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value.isoformat() if hasattr(value, 'isoformat') else str(value)

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



def toml(name, text, **more):
    INI['toml ' + name] = dict(files={'hosts.toml': text}, sources=['$DIR/hosts.toml'], **more)


toml('groups', '[all.vars]\njava = false\n[web]\nchildren = ["apache", "web-2"]\nvars = { port = 8080, x = "{{ y }}" }\n[web.hosts]\nh1 = {}\nh2 = { ansible_port = 222 }\n[apache.hosts."t[1:2]:22"]\nx = [1, {a = 2}]\n')
toml('dotted', 'web.hosts.h1.a = 1\nweb.hosts.h1.b = "x"\ndb.hosts.h2 = {}\nweb.vars.c = 1.5\n')
toml('values', '[g.hosts.h]\na = 0x1F\nb = 1_000\nc = 1e3\nd = inf\ne = \'lit\\n\'\nf = """two\nlines"""\ng = 1979-05-27T07:32:00Z\nh = 1979-05-27\ni = 1979-05-27T07:32:00.5\nj = true\n')
toml('time', '[g.hosts.h]\na = 07:32:00\n')
toml('group that is none', 'web = 1\n[db.hosts.h]\n')
toml('bad vars', '[web]\nvars = 1\n')
toml('bad children', '[web]\nchildren = "a"\n')
toml('bad hosts', '[web]\nhosts = ["a"]\n')
toml('bad host', '[web.hosts]\na = "b"\n')
toml('other key', '[web]\nother = 1\n[web.hosts]\na = {}\n')
toml('empty', '')
toml('plugin', 'plugin = "x"\n')
toml('no value', 'a =\n')
toml('no equals', 'a b\n')
toml('twice', 'a = 1\na = 2\n')
toml('table twice', '[a]\n[a]\n')
toml('open text', 'a = "x\n')
toml('bad escape', 'a = "\\q"\n')
toml('open list', 'a = [1\n')
toml('open header', '[a\nb = 1\n')
toml('bad value', 'a = yes\n')
toml('child to itself', '[a]\nchildren = ["a"]\n')
toml('child number', '[a]\nchildren = [1]\n')
toml('rest of a line', 'a = 1 b\n')
toml('inline open', 'a = {b = 1\n')

BASE = 'all:\n  hosts:\n    h0: {a: 1, s: web, l: [x, y-z, ""], d: {k: v, e: "", n: }, empty: "", nul: , t: "{{ s }}", n: 5, f: 1.5, b: true, z: 0}\n    h1.example.com: {a: 2, s: db}\n  children:\n    g: {hosts: {h0: }, vars: {gv: 7, a: 9}}\n'
BUILT = {'ANSIBLE_INVENTORY_ENABLED': 'host_list,constructed,yaml,ini'}


def built(name, text, files=None, env=None, **more):
    files = {'base.yml': BASE, 'built.yml': 'plugin: constructed\n' + text, **(files or {})}
    sources = ['$DIR/base.yml', '$DIR/built.yml']
    INI['constructed ' + name] = dict(files=files, sources=sources, env={**BUILT, **(env or {})}, **more)


built('compose', 'compose:\n  sum: a + 1\n  up: s | upper\n  name: inventory_hostname\n  short: inventory_hostname_short\n  names: group_names\n  lit: "\'x\'"\n  gone: nope + 1\n  of_template: t\n  list: "[a, s]"\n  ansible_host: "s ~ \'.x\'"\n')
built('compose before groups', 'compose: {one: a}\ngroups: {ones: one == 1}\nkeyed_groups: [{key: one, prefix: o}]\n')
built('compose order', 'compose:\n  one: a + 1\n  two: one + 1\n')
built('compose strict', 'strict: true\ncompose: {x: nope}\n')
built('compose number', 'compose: {x: 5}\n')
built('compose number strict', 'strict: true\ncompose: {x: 5}\n')
built('compose template', 'strict: yes\ncompose: {x: "{{ a }}"}\n')
built('compose group', 'compose: {g: a}\n')
built('compose omit', 'compose: {g: omit}\n')
built('compose omit strict', 'strict: true\ncompose: {g: omit}\n')
built('compose no magic', 'compose: {x: groups is defined, y: hostvars is defined, z: "lookup(\'env\', \'NONE\')"}\n')
built('groups', 'groups:\n  web: s == "web"\n  has-dash: true\n  none: false\n  gone: nope == 1\n  loose: a\n  g2: "\'g\' in group_names"\n  5: true\n')
built('groups strict', 'strict: true\ngroups: {gone: nope == 1}\n')
built('groups not boolean strict', 'strict: true\ngroups: {loose: s}\n')
built('keyed', 'keyed_groups:\n- key: s\n- {key: s, prefix: p}\n- {key: s, separator: ""}\n- {key: s, prefix: p, separator: "-"}\n- {key: l, prefix: l}\n- {key: d, prefix: d}\n- {key: d}\n')
built('keyed parent', 'keyed_groups:\n- {key: s, parent_group: top}\n- {key: a, prefix: n, parent_group: "by-{{ s }}"}\n- {key: s, prefix: q, parent_group: "{{ nope }}"}\n- {key: s, prefix: m, parent_group: "{{ omit }}"}\n')
built('keyed parent strict', 'strict: true\nkeyed_groups:\n- {key: s, prefix: q, parent_group: "{{ nope }}"}\n')
built('keyed numbers', 'keyed_groups:\n- {key: n, prefix: n}\n')
built('keyed float', 'keyed_groups:\n- {key: f, prefix: n}\n')
built('keyed boolean', 'keyed_groups:\n- {key: b, prefix: n}\n')
built('keyed zero', 'keyed_groups:\n- {key: z, prefix: n}\n')
built('keyed text of number', 'keyed_groups:\n- {key: n | string, prefix: n}\n- {key: a | string}\n')
built('keyed default', 'keyed_groups:\n- {key: empty, prefix: e, default_value: dv}\n- {key: nul, prefix: n, default_value: dv}\n- {key: l, prefix: l, default_value: dv}\n- {key: d, prefix: d, default_value: dv}\n')
built('keyed trailing', 'keyed_groups:\n- {key: d, prefix: d, trailing_separator: false}\n- {key: d, prefix: t, trailing_separator: true}\n')
built('keyed default and trailing', 'keyed_groups:\n- {key: d, prefix: d, trailing_separator: false, default_value: x}\n')
built('keyed empty strict', 'strict: true\nkeyed_groups:\n- {key: empty, prefix: e}\n')
built('keyed empty list strict', 'strict: true\nkeyed_groups:\n- {key: "[]", prefix: e}\n- {key: "{}", prefix: e}\n')
built('keyed gone strict', 'strict: true\nkeyed_groups:\n- {key: nope, prefix: e}\n')
built('keyed none', 'keyed_groups:\n- {prefix: e}\n')
built('keyed no key strict', 'strict: true\nkeyed_groups:\n- {prefix: e}\n')
built('keyed text', 'keyed_groups: [s]\n')
built('keyed empty entry', 'keyed_groups: [{}]\n')
built('keyed one dict', 'keyed_groups: {key: s}\n')
built('no leading', 'leading_separator: no\nkeyed_groups:\n- key: s\n- {key: s, prefix: p}\n- {key: d}\n- {key: l}\n')
built('no leading order', 'leading_separator: false\nkeyed_groups:\n- {key: d, separator: "x"}\n')
built('null prefix', 'keyed_groups:\n- {key: s, prefix: }\n- {key: s, separator: }\n')
built('bad strict', 'strict: maybe\ncompose: {x: nope}\n')
built('bad compose', 'compose: text\n')
built('bad groups', 'groups: [a]\n')
built('bad keyed', 'keyed_groups: text\n')
built('unknown option', 'whatever: 1\ncompose: {x: a}\n')
built('vars plugins', 'use_vars_plugins: true\ncompose: {x: hv, y: gv2}\ngroups: {hvs: hv is defined}\n', files={'host_vars/h0': 'hv: 1\n', 'group_vars/g': 'gv2: 2\n', 'group_vars/all': 'hv: all\n'})
built('no vars plugins', 'compose: {x: hv}\n', files={'host_vars/h0': 'hv: 1\n'})
built('extra vars', 'use_extra_vars: true\ncompose: {x: a, y: ev}\ngroups: {evs: ev is defined}\nkeyed_groups: [{key: ev, prefix: e}]\n', extra=['a=5', 'ev=x'])
built('extra vars unused', 'compose: {x: a, y: ev}\n', extra=['a=5', 'ev=x'])
built('extra vars by environment', 'compose: {x: a, y: ev}\n', extra=['a=5', 'ev=x'], env={'ANSIBLE_INVENTORY_USE_EXTRA_VARS': '1'})
built('extra vars by ansible.cfg', 'compose: {x: a}\n', extra=['a=5'], files={'ansible.cfg': '[inventory_plugins]\nuse_extra_vars = true\n'})
built('facts', 'compose: {x: fact, y: ansible_facts is defined}\n', files={'facts/s1_h0': '{"__payload__": "{\\"fact\\": 5, \\"a\\": 6}"}'}, env={'ANSIBLE_CACHE_PLUGIN': 'jsonfile', 'ANSIBLE_CACHE_PLUGIN_CONNECTION': '$DIR/facts', 'ANSIBLE_CACHE_PLUGIN_PREFIX': ''})
built('other plugin', '', files={'built.yml': 'plugin: other\n'})
built('no plugin', '', files={'built.yml': 'compose: {}\n'})
built('empty', '', files={'built.yml': ''})
built('list', '', files={'built.yml': '- a\n'})
built('long name', '', files={'built.yml': 'plugin: ansible.builtin.constructed\ncompose: {x: a}\n'})
INI['constructed by auto'] = dict(files={'base.yml': BASE, 'built.yml': 'plugin: constructed\ncompose: {x: a}\n'}, sources=['$DIR/base.yml', '$DIR/built.yml'])
INI['constructed by auto, long name'] = dict(files={'base.yml': BASE, 'built.yml': 'plugin: ansible.builtin.constructed\ngroups: {x: a == 1}\n'}, sources=['$DIR/base.yml', '$DIR/built.yml'])
INI['constructed .config'] = dict(files={'base.yml': BASE, 'built.config': 'plugin: constructed\ncompose: {x: a}\n'}, sources=['$DIR/base.yml', '$DIR/built.config'], env=BUILT)
INI['constructed .txt'] = dict(files={'base.yml': BASE, 'built.txt': 'plugin: constructed\ncompose: {x: a}\n'}, sources=['$DIR/base.yml', '$DIR/built.txt'], env=BUILT)
INI['constructed first'] = dict(files={'base.yml': BASE, 'built.yml': 'plugin: constructed\ncompose: {x: a}\n'}, sources=['$DIR/built.yml', '$DIR/base.yml'], env=BUILT)
INI['auto unknown plugin'] = dict(files={'built.yml': 'plugin: no.such.plugin\n'}, sources=['$DIR/built.yml'])
INI['auto without plugin'] = dict(files={'built.yml': 'x: 1\n'}, sources=['$DIR/built.yml'], env={'ANSIBLE_INVENTORY_ENABLED': 'auto'})
INI['auto list'] = dict(files={'built.yml': '- 1\n'}, sources=['$DIR/built.yml'], env={'ANSIBLE_INVENTORY_ENABLED': 'auto'})


def generated(name, text, **more):
    INI['generator ' + name] = dict(files={'made.yml': 'plugin: generator\n' + text}, sources=['$DIR/made.yml'], **more)


generated('plain', 'hosts:\n  name: "{{ op }}_{{ app }}"\n  parents:\n  - name: "{{ op }}"\n    vars: {op: "{{ op }}", n: 5, l: ["{{ op }}"]}\n    parents: [{name: ops}]\n  - name: "{{ app }}-apps"\nlayers:\n  op: [build, run]\n  app: [web, api]\n')
generated('no parents', 'hosts: {name: "h{{ n }}"}\nlayers: {n: [1, 2]}\n')
generated('parent without name', 'hosts: {name: "h{{ n }}", parents: [{vars: {a: 1}}]}\nlayers: {n: [1]}\n')
generated('undefined', 'hosts: {name: "h{{ nope }}"}\nlayers: {n: [1]}\n')
generated('no layers', 'hosts: {name: "h"}\n')
generated('no hosts', 'layers: {n: [1]}\n')
generated('no name', 'hosts: {}\nlayers: {n: [1]}\n')
generated('number', 'hosts: {name: "{{ n }}"}\nlayers: {n: [1]}\n')
generated('empty layer', 'hosts: {name: "h{{ n }}"}\nlayers: {n: [], m: [1]}\n')
generated('layer text', 'hosts: {name: "h{{ n }}"}\nlayers: {n: ab}\n')
generated('layers list', 'hosts: {name: "h{{ n }}"}\nlayers: [1]\n')
generated('same name', 'hosts: {name: "x{{ n }}", parents: [{name: "x{{ n }}"}]}\nlayers: {n: [1]}\n')
INI['advanced list'] = dict(files={}, sources=['local[0:3],other[a:c]:22, x ,[::1]:5'], env={'ANSIBLE_INVENTORY_ENABLED': 'advanced_host_list'})
INI['advanced list bad'] = dict(files={}, sources=['a[1:],b'], env={'ANSIBLE_INVENTORY_ENABLED': 'advanced_host_list'})
INI['toml last'] = dict(files={'a.toml': '[g.hosts]\nh = {}\n'}, sources=['$DIR/a.toml'], env={'ANSIBLE_INVENTORY_ENABLED': 'toml,ini'})
INI['long names'] = dict(files={'a': 'h\n'}, sources=['$DIR/a'], env={'ANSIBLE_INVENTORY_ENABLED': 'ansible.builtin.ini'})
INI['no plugins'] = dict(files={'a': 'h\n'}, sources=['$DIR/a'], env={'ANSIBLE_INVENTORY_ENABLED': 'nope'})
INI['no unparsed warning'] = dict(files={'a': 'h x\n'}, sources=['$DIR/a'], env={'ANSIBLE_INVENTORY_UNPARSED_WARNING': '0'})
INI['ignore extensions'] = dict(files={'inv/a.x': 'a\n', 'inv/b.cfg': 'b\n'}, sources=['$DIR/inv'], env={'ANSIBLE_INVENTORY_IGNORE': '.x,.y'})

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
    environment = {'PATH': os.environ['PATH'], 'HOME': folder + '/.home', 'ANSIBLE_NOCOLOR': '1', 'LC_ALL': 'C.UTF-8', **{k: v.replace('$DIR', folder) for k, v in env.items()}}
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
    words = sys.argv[1:]
    with open(os.path.join(HERE, 'inventory.jsonl')) as known:
        known = {json.loads(line)['name']: line for line in known}
    with open(os.path.join(HERE, 'inventory.jsonl'), 'w') as out:
        for name, row in INI.items():
            if words and name in known and not any(word in name for word in words):
                out.write(known[name])
                continue
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

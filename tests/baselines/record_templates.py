#!/usr/bin/env python3
"""Records what ansible-core 2.19 makes of templates into templates.jsonl.

Run with the Python of a virtualenv that has ansible-core==2.19.14. A row has the source, the
variables, and either the repr of the result or the text of the error.
"""
import json
import os
import sys
import tempfile

HOME = tempfile.mkdtemp()
os.environ['HOME'] = HOME
os.environ.setdefault('TZ', 'UTC')

from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.template import Templar, trust_as_template  # noqa: E402
import ansible.plugins.loader as loader  # noqa: E402
from ansible._internal._templating._engine import TemplateOptions  # noqa: E402
from ansible._internal._templating._jinja_bits import TemplateOverrides  # noqa: E402
from ansible.utils.display import Display  # noqa: E402

loader.init_plugin_loader()
Display.display = lambda *a, **k: None

def trust(value):
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, list):
        return [trust(v) for v in value]
    if isinstance(value, dict):
        return {k: trust(v) for k, v in value.items()}
    return value

FILES = {
    'plain.j2': 'plain {{ a }}\n',
    'tab.j2': "{{ 'a\\tb' }}",
    'list.j2': '{{ [1, a] }}',
    'macros.j2': '{% macro hello(name, mark="!") %}Hello {{ name }}{{ mark }}{% endmacro %}{% macro see() %}{{ a }}{% endmacro %}{% set version = 3 %}text',
    'base.j2': '<{% block title %}base{% endblock %}|{% block body %}body of {{ a }}{% endblock %}>',
    'child.j2': '{% extends "base.j2" %}{% block title %}child {{ super() }}{% endblock %}',
    'grandchild.j2': '{% extends "child.j2" %}gone{% block title %}grand {{ super() }}{% endblock %}{% block body %}{{ self.title() }}{% endblock %}',
    'required.j2': '{% block must required %}{% endblock %}',
    'scoped.j2': '{% for i in [1,2] %}{% block b scoped %}{{ i }}{% endblock %}{% endfor %}',
    'loopy.j2': '{% include "loopy.j2" %}',
    'loop.j2': '{{ w }}{{ loop.index }}',
    'above.j2': '{{ super() }}',
    'own.j2': '{{ self.title() }}',
    'maybe.j2': '{{ 1 if a else v }}',
    'fails.j2': "{{ 1 + 'a' }}",
    'blocky.j2': '{% macro say(x) %}{% block in %}[{{ own }}{{ v }}]{% endblock %}{{ self.in() }}{% endmacro %}{% set own = a + 1 %}',
    'seen.j2': '{% macro say() %}{{ v }}{% endmacro %}{% macro show() %}{% block in %}{{ v }}{% endblock %}{% endmacro %}',
    'looks.j2': "{{ lookup('vars', 'b') }}",
    'keeps.j2': '<{% block one %}{% set v = nope %}{% include "maybe.j2" %}{% endblock %}|{% block two %}{% endblock %}>',
}
DIRECTORY = tempfile.mkdtemp()
for name, text in FILES.items():
    with open(os.path.join(DIRECTORY, name), 'w') as f:
        f.write(text)

BASE = dict(
    a=5, b='text', l=[1, 2, 3], d={'x': 1, 'items': 'own', 'n': {'deep': 'v'}}, none=None, t=True, f=1.5,
    big=2 ** 70, lazy='{{ a + 1 }}', lazylist=['{{ a }}', 2], bad='{{ 1/0 }}', undef_='{{ nope }}', chain='{{ lazy }}',
    loop1='{{ loop2 }}', loop2='{{ loop1 }}', users=[{'name': 'ann', 'age': 3}, {'name': 'bob', 'age': 4}],
    tree=[{'n': 1, 'c': [{'n': 2, 'c': []}, {'n': 3, 'c': [{'n': 4, 'c': []}]}]}], cond='a == 5', empty='', word='yes',
    partly=[1, '{{ nope }}'], when_text='{{ a }} > 4',
)

TEMPLATES = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'templates.txt')).read().splitlines()

def engine():
    data = DataLoader()
    data.set_basedir(DIRECTORY)
    return Templar(loader=data, variables=trust(BASE))

def run(kind, source):
    templar = engine()
    if kind == 'template':
        return templar.template(trust_as_template(source))
    if kind == 'expression':
        return templar.evaluate_expression(trust_as_template(source))
    if kind == 'condition':
        return templar.evaluate_conditional(trust(source))
    if kind == 'file':
        return templar._engine.template(trust_as_template(source), options=TemplateOptions(escape_backslashes=False))
    raise ValueError(kind)

def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, 'templates.jsonl'), 'w') as out:
        out.write(json.dumps({'vars': BASE, 'files': FILES}) + '\n')
        for block in TEMPLATES:

            kind, _, source = block.partition(' ')
            row = {'kind': kind, 'source': json.loads(source)}
            try:
                row['value'] = repr(run(kind, row['source']))
            except Exception as ex:
                row['error'] = str(ex).replace(DIRECTORY, '$DIR')
            out.write(json.dumps(row) + '\n')

if __name__ == '__main__':
    main()

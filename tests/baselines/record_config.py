#!/usr/bin/env python3
"""Records which settings ansible-core makes of ansible.cfg and environment.

Run it with a Python that has ansible-core 2.19.14 in its environment; it writes config.jsonl beside
itself. `$DIR` stands for the folder that a row runs in, which is the home directory as well.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LEFT_OUT = ('GALAXY_', 'PARAMIKO_', 'COVERAGE_', '_', 'CONNECTION_FACTS_MODULES', 'ANSIBLE_CONNECTION_PATH', 'CONFIG_FILE', 'DEFAULT_LOCAL_TMP')

ROWS = [
    dict(name='defaults', cfg=None),
    dict(name='typical', cfg='''[defaults]
forks = 20
inventory = inventory/hosts, ../other ,/abs
roles_path = roles:~/r:/x/../y:$HOME/z
host_key_checking = False
remote_user = "deploy"
private_key_file = ~/.ssh/id
timeout=30
gathering = smart
stdout_callback = yaml
callbacks_enabled = timer, "profile_tasks" ,'x'
retry_files_enabled = yes
interpreter_python = auto_silent
log_path = log/ansible.log
nocows = 1
vault_password_file = .vault
vault_identity_list = a@b, c@prompt
collections_path = ./c:/d
hash_behaviour = merge
any_errors_fatal = on
[privilege_escalation]
become = true
become_method = sudo
become_user = root
become_ask_pass = no
[ssh_connection]
pipelining = True
[diff]
always = yes
context = 5
[colors]
ok = blue
[tags]
run = a,b
skip = c
'''),
    dict(name='odd text', cfg='''# a comment
[defaults]
forks = 7 ; inline
remote_user = me # kept
ansible_managed = a %(b)s
   more
Timeout: 12
log_filter =
  one,
  two
inventory_ignore_patterns = a\\.b,c
executable = '/bin/bash'
module_args = it's
display_skipped_hosts = nope
poll_interval = 1e1
max_diff_size = 1_000
[inventory]
enable_plugins = ini
ignore_extensions = .a, .b
'''),
    dict(name='environment', cfg='[defaults]\nforks = 7\nnocolor = 0\n', env={
        'ANSIBLE_FORKS': '9', 'ANSIBLE_TIMEOUT': '', 'ANSIBLE_REMOTE_USER': "'q'", 'NO_COLOR': '1', 'ANSIBLE_ROLES_PATH': 'a::b', 'ANSIBLE_INVENTORY': 'x,y',
        'ANSIBLE_HOME': '~/h', 'ANSIBLE_LOG_PATH': '', 'ANSIBLE_CALLBACKS_ENABLED': '', 'ANSIBLE_REMOTE_PORT': ' 22 ', 'ANSIBLE_BECOME': ' YES ', 'ANSIBLE_PIPELINING': 't',
        'ANSIBLE_VERBOSITY': '2.0', 'EDITOR': 'ed', 'ANSIBLE_EDITOR': 'an', 'ANSIBLE_VAULT_ID_MATCH': 'False', 'ANSIBLE_LIBRARY': '{{CWD}}/lib',
    }),
    dict(name='bad int', cfg='[defaults]\nforks = many\n'),
    dict(name='bad choice', cfg='[defaults]\ngathering = never\n'),
    dict(name='bad list choice', cfg='[defaults]\ndisplay_traceback = error, nope\n'),
    dict(name='bad environment', cfg=None, env={'ANSIBLE_TASK_TIMEOUT': '1.5'}),
    dict(name='no section', cfg='forks = 1\n'),
    dict(name='no delimiter', cfg='[defaults]\nforks\nalso\n'),
    dict(name='twice', cfg='[defaults]\nforks=1\nFORKS=2\n'),
    dict(name='section twice', cfg='[defaults]\n[a]\n[defaults]\n'),
    dict(name='deprecated', cfg='[defaults]\nansible_managed = x\njinja2_extensions = jinja2.ext.do\nnull_representation = b\n', env={'ANSIBLE_JINJA2_NATIVE': '1'}),
]


def main():
    with open(os.path.join(HERE, 'config.jsonl'), 'w') as out:
        for row in ROWS:
            with tempfile.TemporaryDirectory() as folder:
                if row['cfg'] is not None:
                    with open(os.path.join(folder, 'ansible.cfg'), 'w') as file:
                        file.write(row['cfg'])
                env = {'PATH': os.environ['PATH'], 'HOME': folder, 'LC_ALL': 'C.UTF-8', **row.get('env', {})}
                tool = os.path.join(os.path.dirname(sys.executable), 'ansible-config')
                done = subprocess.run([tool, 'dump', '--format', 'json'], capture_output=True, text=True, env=env, cwd=folder)
                if done.returncode:
                    row['error'] = done.stderr.replace(folder, '$DIR').split('\n\nTraceback')[0]
                else:
                    stdout = done.stdout.replace(folder, '$DIR')
                    # A verbosity of 2 prints a heading before it.
                    dump = json.loads(stdout[stdout.index('[\n') :])
                    row['dump'] = [s for s in dump if 'origin' in s and not s['name'].startswith(LEFT_OUT)]
                    row['stderr'] = done.stderr.replace(folder, '$DIR')
            out.write(json.dumps(row) + '\n')


if __name__ == '__main__':
    main()

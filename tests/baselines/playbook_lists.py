"""Records what ansible-playbook --list-tasks says of playbooks with roles, imports and tags.

A row has the files, of which the first is the playbook, and standard output. Run with
ansible-core 2.19.14:
    python tests/baselines/playbook_lists.py > tests/baselines/playbook_lists.jsonl
"""
import json
import os
import subprocess
import sys
import tempfile

PLAY = "- hosts: localhost\n  gather_facts: false\n"


def files(play, **others):
    return {"play.yml": play, **{k.replace("__", "/") + ".yml": v for k, v in others.items()}}


CASES = {
    "names_and_tags": files(
        "- hosts: localhost\n  tags: p\n  pre_tasks:\n    - name: one\n      debug:\n      tags: [b, a]\n"
        "  tasks:\n    - debug:\n    - name: '{{ x }} two'\n      shell: echo\n      tags: a, b\n"
        "  post_tasks:\n    - meta: noop\n    - ansible.builtin.debug: msg=1\n  handlers:\n    - name: h\n      debug:\n"
    ),
    "blocks": files(
        PLAY + "  tasks:\n    - name: blk\n      tags: t\n      block:\n        - name: in\n          debug:\n          tags: u\n"
        "        - block:\n            - name: deep\n              debug:\n      rescue:\n        - name: res\n          debug:\n"
        "      always:\n        - name: alw\n          debug:\n"
    ),
    "never": files(PLAY + "  tasks:\n    - name: a\n      debug:\n      tags: never\n    - name: b\n      debug:\n      tags: [never, x]\n"),
    "imports": files(
        PLAY + "  tasks:\n    - import_tasks: a.yml\n      tags: one\n      vars:\n        f: sub/b.yml\n    - include_tasks: a.yml\n      tags: inc\n",
        a="- name: in a\n  debug:\n  tags: two\n- import_tasks: '{{ f | default(\"sub/b.yml\") }}'\n",
        sub__b="- name: in b\n  debug:\n- import_tasks: c.yml\n",
        sub__c="- name: in sub c\n  debug:\n",
        c="- name: in c\n  debug:\n",
    ),
    "roles": files(
        PLAY + "  roles:\n    - r\n    - role: s\n      tags: st\n      port: 1\n",
        roles__r__tasks__main="- name: of r\n  debug:\n- import_tasks: more.yml\n",
        roles__r__tasks__more="- name: more of r\n  debug:\n  tags: m\n",
        roles__r__meta__main="dependencies:\n  - role: d\n    tags: dt\n  - s\n",
        roles__d__tasks__main="- debug:\n",
        roles__s__tasks__main="- name: of s\n  debug:\n",
        roles__s__handlers__main="- name: h of s\n  debug:\n",
    ),
    "import_role": files(
        PLAY + "  tasks:\n    - name: imp\n      import_role:\n        name: r\n        tasks_from: other\n      tags: it\n"
        "    - import_role:\n        name: r\n    - include_role:\n        name: r\n      tags: x\n",
        roles__r__tasks__main="- name: of r\n  debug:\n",
        roles__r__tasks__other="- name: other of r\n  debug:\n- import_role:\n    name: q\n",
        roles__q__tasks__main="- name: of q\n  debug:\n",
        roles__r__meta__main="dependencies: [d]\n",
        roles__d__tasks__main="- name: of d\n  debug:\n",
    ),
    "import_playbook": files(
        "- import_playbook: sub/one.yml\n  tags: ip\n  vars:\n    v: 1\n- hosts: localhost\n  name: last\n  tasks:\n    - debug:\n",
        sub__one="- hosts: localhost\n  name: first\n  tags: own\n  roles: [r]\n  tasks:\n    - import_tasks: t.yml\n",
        sub__t="- name: in t\n  debug:\n",
        sub__roles__r__tasks__main="- name: of sub r\n  debug:\n",
    ),
    "argument_spec": files(
        PLAY + "  roles: [r]\n",
        roles__r__tasks__main="- name: of r\n  debug:\n",
        roles__r__meta__argument_specs="argument_specs:\n  main:\n    short_description: it does\n    options:\n      a: {type: str}\n",
    ),
    "role_path_and_vars": files(
        PLAY + "  vars: {which: r}\n  vars_files: [v.yml]\n  roles:\n    - '{{ which }}'\n    - roles/r\n    - '{{ other }}'\n",
        v="other: s\n",
        roles__r__tasks__main="- name: of r\n  debug:\n",
        roles__s__tasks__main="- name: of s\n  debug:\n",
    ),
    "role_main_files": files(
        PLAY + "  roles: [r, only_handlers, empty]\n",
        roles__r__tasks__main="",
        roles__only_handlers__handlers__main="- name: h\n  debug:\n",
        roles__empty__tasks__main="# nothing\n",
    ),
    "role_default_names_file": files(
        PLAY + "  roles: [r]\n",
        roles__r__defaults__main="f: extra.yml\n",
        roles__r__tasks__main="- import_tasks: '{{ f }}'\n- import_tasks: '{{ role_path }}/tasks/extra.yml'\n",
        roles__r__tasks__extra="- name: extra\n  debug:\n",
    ),
    "tasks_in_subfolders_of_roles": files(
        PLAY + "  roles: [r]\n",
        roles__r__tasks__main="- import_tasks: sub/a.yml\n",
        roles__r__tasks__sub__a="- import_tasks: b.yml\n- import_tasks: sub/b.yml\n- import_tasks: c.yml\n",
        roles__r__tasks__sub__b="- name: sub b\n  debug:\n",
        roles__r__tasks__c="- name: c of tasks\n  debug:\n",
    ),
    "include_role_in_role": files(
        PLAY + "  roles: [r]\n",
        roles__r__tasks__main="- name: inc\n  include_role:\n    name: q\n- name: inct\n  include_tasks: x.yml\n",
    ),
    "local_action": files(PLAY + "  tasks:\n    - local_action: shell echo\n    - action: debug msg=1\n    - name: n\n      local_action:\n        module: debug\n"),
}


def main():
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            folder = os.path.realpath(folder)
            for path, text in case.items():
                path = os.path.join(folder, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w") as file:
                    file.write(text)
            env = {**os.environ, "HOME": folder, "ANSIBLE_NOCOLOR": "1", "COLUMNS": "80"}
            done = subprocess.run(
                ["ansible-playbook", "--list-tasks", "-i", "localhost,", next(iter(case))],
                cwd=folder, env=env, capture_output=True, text=True,
            )
            if done.returncode:
                sys.exit(f"{name}: {done.stderr}")
            json.dump({"name": name, "files": case, "stdout": done.stdout.replace(folder, "DIR")}, sys.stdout)
            print(flush=True)


main()

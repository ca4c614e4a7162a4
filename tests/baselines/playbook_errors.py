"""Records what ansible-playbook --syntax-check says of wrong playbooks.

Each case is a set of files; the first is the playbook. A row has the files, the exit status and
standard error with the folder written as DIR. Run with ansible-core 2.19.14:
    python tests/baselines/playbook_errors.py > tests/baselines/playbook_errors.jsonl
"""
import json
import os
import subprocess
import sys
import tempfile

PLAY = "- hosts: localhost\n  gather_facts: false\n"


def tasks(text, **files):
    body = PLAY + "  tasks:\n" + "".join("    " + line + "\n" for line in text.strip("\n").split("\n"))
    return {"play.yml": body, **{k.replace("__", "/") + ".yml": v for k, v in files.items()}}


def play(text, **files):
    return {"play.yml": text.lstrip("\n"), **{k.replace("__", "/") + ".yml": v for k, v in files.items()}}


CASES = {
    "empty_file": play(""),
    "play_is_dict": play("hosts: localhost\n"),
    "empty_list": play("[]\n"),
    "entry_is_text": play("- foo\n"),
    "text_playbook": play("foo\n"),
    "unknown_play_keyword": play(PLAY + "  foo: 1\n"),
    "no_hosts": play("- tasks:\n    - debug:\n"),
    "empty_hosts": play("- hosts:\n  tasks: []\n"),
    "hosts_null_item": play("- hosts: [a, null]\n"),
    "hosts_int_item": play("- hosts: [a, 1]\n"),
    "hosts_dict": play("- hosts: {a: 1}\n"),
    "hosts_int": play("- hosts: 5\n"),
    "user_and_remote_user": play("- hosts: all\n  user: a\n  remote_user: b\n"),
    "vars_list": play(PLAY + "  vars:\n    - a: 1\n"),
    "vars_text": play(PLAY + "  vars: foo\n"),
    "vars_bad_name": play(PLAY + "  vars:\n    a-b: 1\n"),
    "vars_int_name": play(PLAY + "  vars:\n    1: 1\n"),
    "vars_keyword_name": play(PLAY + "  vars:\n    class: 1\n"),
    "tasks_dict": play(PLAY + "  tasks:\n    debug:\n"),
    "tasks_text": play(PLAY + "  tasks: foo\n"),
    "task_text": play(PLAY + "  tasks:\n    - foo\n"),
    "task_null": play(PLAY + "  tasks:\n    -\n    - foo: 1\n"),
    "pre_tasks_text": play(PLAY + "  pre_tasks: foo\n"),
    "post_tasks_text": play(PLAY + "  post_tasks: foo\n"),
    "handlers_text": play(PLAY + "  handlers: foo\n"),
    "roles_text": play(PLAY + "  roles: foo\n"),
    "roles_list_in_list": play(PLAY + "  roles:\n    - [a]\n"),
    "role_without_name": play(PLAY + "  roles:\n    - tags: a\n"),
    "role_comma": play(PLAY + "  roles:\n    - a,b\n"),
    "vars_prompt_no_name": play(PLAY + "  vars_prompt:\n    - prompt: a\n"),
    "vars_prompt_bad_key": play(PLAY + "  vars_prompt:\n    - name: a\n      foo: b\n"),
    "tags_dict": play(PLAY + "  tags: {a: 1}\n"),
    "play_name_list": play("- hosts: localhost\n  name: [a]\n"),
    "connection_dict": play(PLAY + "  connection: {a: 1}\n"),
    "module_defaults_text": play(PLAY + "  module_defaults: foo\n"),
    "module_defaults_unknown": play(PLAY + "  module_defaults:\n    foo: {a: 1}\n"),
    "module_defaults_group": play(PLAY + "  module_defaults:\n    group/foo: {a: 1}\n"),
    "unknown_module": tasks("- name: x\n  foo: bar"),
    "unknown_module_two": tasks("- bar: 1\n  foo: bar\n  when: false"),
    "unknown_fqcn": tasks("- a.b.c: 1"),
    "conflicting": tasks("- debug: msg=1\n  command: ls"),
    "no_action": tasks("- name: x\n  when: true"),
    "action_and_local_action": tasks("- action: debug\n  local_action: debug"),
    "action_list": tasks("- action: [a]"),
    "action_and_module": tasks("- action: debug msg=1\n  command: ls"),
    "args_list": tasks("- debug: msg=1\n  args: [a]"),
    "args_text": tasks("- debug: msg=1\n  args: foo"),
    "module_list": tasks("- debug: [a]"),
    "module_int": tasks("- debug: 5"),
    "unbalanced_quote": tasks("- shell: echo 'a"),
    "unbalanced_jinja": tasks("- shell: echo {{ a"),
    "unbalanced_action": tasks("- action: shell echo 'a"),
    "unknown_task_keyword": tasks("- debug:\n    msg: 1\n  foo: 1"),
    "play_keyword_in_task": tasks("- debug:\n    msg: 1\n  hosts: 1"),
    "unknown_block_keyword": tasks("- block:\n    - debug:\n  foo: 1"),
    "loop_on_block": tasks("- block:\n    - debug:\n  loop: [1]"),
    "register_on_block": tasks("- block:\n    - debug:\n  register: a"),
    "rescue_without_block": tasks("- rescue:\n    - debug:"),
    "always_without_block": tasks("- name: a\n  always:\n    - debug:"),
    "empty_block_rescue": tasks("- block: []\n  rescue:\n    - debug:"),
    "block_text": tasks("- block: foo"),
    "block_null": tasks("- block:"),
    "block_item_text": tasks("- block:\n    - foo"),
    "rescue_text": tasks("- block:\n    - debug:\n  rescue: foo"),
    "always_dict": tasks("- block:\n    - debug:\n  always: {a: 1}"),
    "block_as_handler": play(PLAY + "  handlers:\n    - block:\n        - debug:\n"),
    "two_loops": tasks("- debug:\n  loop: [1]\n  with_items: [1]"),
    "two_withs": tasks("- debug:\n  with_dict: [1]\n  with_items: [1]"),
    "with_null": tasks("- debug:\n  with_items:"),
    "with_unknown": tasks("- debug:\n  with_foo: 1"),
    "loop_control_text": tasks("- debug:\n  loop: [1]\n  loop_control: foo"),
    "loop_control_unknown": tasks("- debug:\n  loop: [1]\n  loop_control:\n    foo: 1"),
    "loop_control_label_list": tasks("- debug:\n  loop: [1]\n  loop_control:\n    loop_var: [1]"),
    "register_bad": tasks("- debug:\n  register: a-b"),
    "register_list": tasks("- debug:\n  register: [a]"),
    "register_template": tasks('- debug:\n  register: "{{ a }}"'),
    "task_vars_list": tasks("- debug:\n  vars: [a]"),
    "task_vars_bad_name": tasks("- debug:\n  vars:\n    a b: 1"),
    "block_vars_bad_name": tasks("- block:\n    - debug:\n  vars:\n    a b: 1"),
    "task_tags_int": tasks("- debug:\n  tags: 1"),
    "name_dict": tasks("- debug:\n  name: {a: 1}"),
    "delegate_to_list": tasks("- debug:\n  delegate_to: [a]"),
    "listen_in_task": tasks("- debug:\n  listen: a"),
    "import_tasks_missing": tasks("- import_tasks: nope.yml"),
    "import_tasks_loop": tasks("- import_tasks: a.yml\n  loop: [1]"),
    "import_tasks_undefined": tasks('- import_tasks: "{{ nope }}.yml"'),
    "import_tasks_dict": tasks("- import_tasks: a.yml", a="a: 1\n"),
    "import_tasks_bad_task": tasks("- import_tasks: a.yml", a="- foo: 1\n"),
    "import_tasks_playbook": tasks("- import_tasks: a.yml", a="- hosts: all\n  tasks: []\n"),
    "import_tasks_text_item": tasks("- import_tasks: a.yml", a="- foo\n"),
    "import_tasks_yaml_error": tasks("- import_tasks: a.yml", a="- a: [1\n"),
    "import_tasks_empty": tasks("- import_tasks: a.yml", a=""),
    "import_tasks_no_file": tasks("- import_tasks:"),
    "import_tasks_bad_option": tasks("- import_tasks:\n    file: a.yml\n    foo: 1"),
    "import_tasks_apply": tasks("- import_tasks:\n    file: a.yml\n    apply: {tags: a}"),
    "include_tasks_bad_option": tasks("- include_tasks:\n    file: a.yml\n    foo: 1"),
    "include_tasks_apply_text": tasks("- include_tasks:\n    file: a.yml\n    apply: foo"),
    "include_tasks_become": tasks("- include_tasks: a.yml\n  become: true"),
    "include_tasks_no_file": tasks("- include_tasks:\n    apply: {}"),
    "include_removed": tasks("- include: a.yml"),
    "include_role_no_name": tasks("- include_role:\n    tasks_from: a"),
    "include_role_bad_option": tasks("- include_role:\n    name: a\n    foo: 1"),
    "include_role_from_list": tasks("- include_role:\n    name: a\n    tasks_from: [a]"),
    "include_role_missing_ok": tasks("- include_role:\n    name: nope"),
    "import_role_missing": tasks("- import_role:\n    name: nope"),
    "import_role_apply": tasks("- import_role:\n    name: nope\n    apply: {tags: a}"),
    "import_role_loop": tasks("- import_role:\n    name: r\n  loop: [1]", roles__r__tasks__main="- debug:\n"),
    "import_role_from_missing": tasks("- import_role:\n    name: r\n    tasks_from: nope", roles__r__tasks__main="- debug:\n"),
    "include_role_handler": play(PLAY + "  handlers:\n    - include_role:\n        name: a\n"),
    "import_role_handler": play(PLAY + "  handlers:\n    - import_role:\n        name: a\n"),
    "end_role_outside": tasks("- meta: end_role"),
    "role_missing": play(PLAY + "  roles:\n    - nope\n"),
    "role_missing_dict": play(PLAY + "  roles:\n    - role: nope\n      tags: a\n"),
    "role_tasks_dict": play(PLAY + "  roles:\n    - r\n", roles__r__tasks__main="a: 1\n"),
    "role_tasks_bad": play(PLAY + "  roles:\n    - r\n", roles__r__tasks__main="- name: x\n  foo: 1\n"),
    "role_handlers_dict": play(PLAY + "  roles:\n    - r\n", roles__r__handlers__main="a: 1\n"),
    "role_vars_list": play(PLAY + "  roles:\n    - r\n", roles__r__vars__main="- 1\n"),
    "role_defaults_list": play(PLAY + "  roles:\n    - r\n", roles__r__defaults__main="- 1\n"),
    "role_meta_list": play(PLAY + "  roles:\n    - r\n", roles__r__meta__main="- 1\n"),
    "role_meta_unknown": play(PLAY + "  roles:\n    - r\n", roles__r__meta__main="foo: 1\n"),
    "role_meta_deps_dict": play(PLAY + "  roles:\n    - r\n", roles__r__meta__main="dependencies: {a: 1}\n"),
    "role_meta_dep_missing": play(PLAY + "  roles:\n    - r\n", roles__r__meta__main="dependencies:\n  - nope\n"),
    "role_recursion": play(PLAY + "  roles:\n    - r\n", roles__r__meta__main="dependencies:\n  - r\n"),
    "import_playbook_missing": play("- import_playbook: nope.yml\n"),
    "import_playbook_keyword": play("- import_playbook: a.yml\n  hosts: all\n", a="- hosts: all\n"),
    "import_playbook_empty": play("- import_playbook:\n"),
    "import_playbook_two": play("- import_playbook: a.yml\n  ansible.builtin.import_playbook: a.yml\n", a="- hosts: all\n"),
    "import_playbook_bad": play("- import_playbook: a.yml\n", a="- hosts: all\n  foo: 1\n"),
    "import_playbook_undefined": play('- import_playbook: "{{ nope }}.yml"\n'),
    "yaml_error": play("- hosts: [a\n  tasks: []\n"),
    "yaml_tab": play("- hosts: all\n\ttasks: []\n"),
    "unquoted_template": play(PLAY + "  vars:\n    a: {{ b }}\n"),
    "changed_when_ok": tasks("- debug:\n  changed_when: false\n  failed_when: [a]"),
    "reserved_arg": tasks("- debug:\n    _ansible_foo: 1"),
    "collections_int": play(PLAY + "  collections: [1]\n"),
    "gather_subset_ok": play(PLAY + "  gather_subset: 5\n"),
    "action_mapping": tasks("- action:\n    module: debug\n    msg: a"),
    "action_mapping_no_module": tasks("- action:\n    msg: a"),
    "args_null": tasks("- debug: msg=1\n  args:"),
    "args_kv_merge": tasks("- command: ls creates=/x\n  args:\n    chdir: /"),
    "task_environment_ok": tasks("- debug:\n  environment: a"),
}


def main():
    for name, files in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            folder = os.path.realpath(folder)
            for path, text in files.items():
                path = os.path.join(folder, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w") as file:
                    file.write(text)
            env = {**os.environ, "HOME": folder, "ANSIBLE_NOCOLOR": "1", "COLUMNS": "80"}
            done = subprocess.run(
                ["ansible-playbook", "--syntax-check", "-i", "localhost,", next(iter(files))],
                cwd=folder, env=env, capture_output=True, text=True,
            )
            stderr = done.stderr.replace(folder, "DIR")
            json.dump({"name": name, "files": files, "rc": done.returncode, "stderr": stderr}, sys.stdout)
            print(flush=True)


main()

#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.of_role import WORD

module = AnsibleModule(argument_spec={})
module.exit_json(word=WORD)

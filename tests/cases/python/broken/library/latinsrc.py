#!/usr/bin/python
# coding: latin-1
from ansible.module_utils.basic import AnsibleModule
m = AnsibleModule({})
m.exit_json(a="café")

#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.nowhere import nothing

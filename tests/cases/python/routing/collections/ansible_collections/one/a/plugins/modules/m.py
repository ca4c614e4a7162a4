from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({'given': {}})
module.exit_json(which='one.a.m', given=module.params['given'])

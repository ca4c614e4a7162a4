from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({'given': {}})
module.exit_json(which='two.b.t', given=module.params['given'])

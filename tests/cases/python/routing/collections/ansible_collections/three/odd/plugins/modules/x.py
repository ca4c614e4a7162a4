from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({'given': {}})
module.exit_json(which='three.odd.x', given=module.params['given'])

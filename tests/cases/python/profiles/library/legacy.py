METADATA = """
schema_version: 1
serialization_profile: legacy
"""

from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({'data': {'type': 'raw'}}, supports_check_mode=True)
if module.params['data'] == 'crash':
    raise Exception('crashed')
if module.params['data'] == 'fail':
    module.fail_json('it failed', more=1)
module.exit_json(data=module.params['data'])

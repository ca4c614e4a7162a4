from ansible.module_utils.basic import AnsibleModule
from ansible_collections.one.a.plugins.module_utils.moved import who

module = AnsibleModule({})
module.exit_json(which=who())

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.one.a.plugins.module_utils.gone import who

module = AnsibleModule({})
module.exit_json(which=who())

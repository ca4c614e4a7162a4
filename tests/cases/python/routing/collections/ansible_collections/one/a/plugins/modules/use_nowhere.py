from ansible.module_utils.basic import AnsibleModule
from ansible_collections.no.such.plugins.module_utils.x import who

module = AnsibleModule({})
module.exit_json(which=who())

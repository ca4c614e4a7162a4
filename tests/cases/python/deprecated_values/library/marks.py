from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.datatag import deprecate_value

module = AnsibleModule({'fail': {'type': 'bool'}})
module.warn('careful', help_text='Be careful.')
module.deprecate('the module is old', version='3.0', help_text='Use another.')
module.deprecate('it is of another', date='2040-01-01', collection_name='foo.bar')
if module.params['fail']:
    try:
        open('/no/such/file')
    except OSError as error:
        module.fail_json('it failed', exception=error, extra=1)
module.exit_json(
    old=deprecate_value('old', 'old is old', version='9.9'),
    dated={'at': deprecate_value('at', 'at is old!', date='2041-01-01')},
    helped=deprecate_value('h', 'h is old', help_text='Use i.'),
    ansible_facts={'old_fact': deprecate_value('f', 'the fact is old', version='1')},
)

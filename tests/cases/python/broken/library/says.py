import os
import signal
import sys

from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({'text': {}, 'signal': {}, 'raw': {'type': 'bool'}, 'rc': {'type': 'int'}})
if module.params['raw']:
    os.write(1, b'no result: \xe9\n')
    os.write(2, b'caf\xe9\n')
if module.params['text']:
    print(module.params['text'])
    sys.stdout.flush()
if module.params['signal']:
    os.kill(os.getpid(), getattr(signal, module.params['signal']))
if module.params['rc'] is not None:
    sys.exit(module.params['rc'])
module.exit_json(deprecations=['plain', ('a', '4.0'), {'msg': 'm', 'date': '2040-01-01'},
                               {'msg': 'x', 'version': '2', 'collection_name': 'c.d'}])

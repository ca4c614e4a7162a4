#!/usr/bin/python
"""Changes all that a process can change of itself."""
import os
import resource
import signal
import sys
import types

from ansible.module_utils import basic

module = basic.AnsibleModule(argument_spec=dict(number=dict(type='int')))
os.environ['PLANTED'] = 'yes'
os.chdir('/')
os.umask(0o777)
sys.modules['planted'] = types.ModuleType('planted')
sys.path.append('/planted')
basic.planted = True
basic.AnsibleModule.planted = True
signal.signal(signal.SIGTERM, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
sys.setrecursionlimit(77777)
left_open = [os.open('/dev/null', os.O_RDONLY) for _ in range(20)]
module.exit_json(changed=True, number=module.params['number'])

#!/usr/bin/python
"""Says what it finds of itself."""
import os
import resource
import signal
import sys

from ansible.module_utils import basic

module = basic.AnsibleModule(argument_spec=dict(left=dict(type='int', default=0)))
umask = os.umask(0)
module.exit_json(
    changed=False,
    planted=os.environ.get('PLANTED'),
    given=os.environ.get('GIVEN'),
    home=os.getcwd() == os.path.realpath(os.environ['PWD']),
    umask=oct(umask),
    modules=sorted(name for name in sys.modules if 'plant' in name),
    path=[path for path in sys.path if 'plant' in path],
    attributes=[hasattr(basic, 'planted'), hasattr(basic.AnsibleModule, 'planted')],
    signal=signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
    child=signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL,
    core=resource.getrlimit(resource.RLIMIT_CORE)[1] != 0,
    recursion=sys.getrecursionlimit(),
    open=len(os.listdir('/proc/self/fd')) - 1,
    input=sys.stdin.read(),
    words=len(sys.argv),
    main=sys.modules['__main__'].__name__,
    threads=len(os.listdir('/proc/self/task')),
)

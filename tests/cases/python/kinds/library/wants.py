#!/usr/bin/python
# WANT_JSON
import json
import os
import stat
import sys

with open(sys.argv[1]) as file:
    args = json.load(file)
own = {name: value for name, value in args.items() if not name.startswith('_ansible_')}
told = sorted(name for name in args if name.startswith('_ansible_'))
print(json.dumps({
    'changed': args['_ansible_check_mode'],
    'args': own,
    'told': told,
    'name': args['_ansible_module_name'],
    'private': stat.S_IMODE(os.stat(os.path.dirname(sys.argv[1])).st_mode) == 0o700,
    'given': os.environ.get('GIVEN'),
    'words': len(sys.argv),
}))

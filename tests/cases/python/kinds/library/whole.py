#!/usr/bin/python
import json

args = json.loads(r'''<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>''')
print(json.dumps({'changed': True, 'name': args['name'], 'list': args['list'], 'facility': 'syslog.LOG_USER'}))

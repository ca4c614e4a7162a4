from ansible.module_utils.basic import *
def f(:

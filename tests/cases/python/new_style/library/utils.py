#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.beside import WORD
from ansible.module_utils.pack.inner import deep
try:
    from ansible.module_utils.nowhere import nothing
except ImportError:
    nothing = None


def main():
    module = AnsibleModule(argument_spec=dict(path=dict(type='path'), n=dict(type='int', default=1)), supports_check_mode=True)
    module.exit_json(word=WORD, deep=deep(), nothing=nothing, file=__file__.rsplit('.zip', 1)[-1], n=module.params['n'] + 1)


if __name__ == '__main__':
    main()

#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ..module_utils.deep.word import WORD
from ansible_collections.a.b.plugins.module_utils.deep import word

module = AnsibleModule(argument_spec={})
module.exit_json(word=WORD, same=word.WORD, name=__name__)

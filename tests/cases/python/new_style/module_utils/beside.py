WORD = 'beside the playbook'

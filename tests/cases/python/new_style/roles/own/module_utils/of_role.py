WORD = 'of a role'

WORD = 'a relative import'

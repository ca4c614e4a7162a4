WORD = 'of a collection'

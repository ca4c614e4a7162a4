def who(): return 'two.b.target'

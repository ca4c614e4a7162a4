def who(): return 'old_here'

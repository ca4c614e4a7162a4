#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
def main():
    m = AnsibleModule(argument_spec=dict(name=dict(), secret=dict(no_log=True), how=dict(default='ok')))
    m.warn('a warning')
    m.warn('another warning')
    m.deprecate('old thing', version='9.9', collection_name='ansible.builtin')
    m.deprecate('old dated', date='2030-01-01')
    if m.params['how'] == 'raise':
        try:
            raise ValueError('inner')
        except ValueError as e:
            raise RuntimeError('outer') from e
    if m.params['how'] == 'fail':
        m.fail_json(msg='I failed', foo=1)
    if m.params['how'] == 'failx':
        try:
            1/0
        except Exception as e:
            m.fail_json(msg='I failed', exception=e)
    if m.params['how'] == 'junk':
        print('junk before')
        import atexit; atexit.register(lambda: print('junk after'))
    if m.params['how'] == 'nores':
        print("hello"); import sys; sys.stderr.write("err\n"); sys.exit(3)
    if m.params['how'] == 'return':
        return
    import datetime
    m.exit_json(changed=True, stdout='a\nb', d=datetime.date(2020,1,2), t=(1,2), b=b'xyz', s='%s' % m.params['secret'], rc=0, _ansible_foo=1)
main()

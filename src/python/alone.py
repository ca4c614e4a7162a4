"""Runs one packed module where no agent of rplay's is: the whole of it comes as this text."""

import base64
import json
import os
import shutil
import sys
import tempfile


def compiles(name):
    """Whether a module can be compiled; what is wrong with it is printed where not, for the controller to tell."""
    from importlib.util import find_spec
    try:
        spec = find_spec(name)
        if spec is not None:
            spec.loader.get_code(name)
    except SyntaxError as error:
        wrong = {'name': name, 'msg': str(error), 'line': error.lineno, 'column': error.offset}
        print(json.dumps({'failed': True, '_ansible_uncompiled': wrong}))
        return False
    return True


def run(pack, params, module, profile, extensions, nofile):
    try:
        os.getcwd()
    except OSError:
        try:
            os.chdir(os.path.expanduser('~'))
        except OSError:
            os.chdir('/')
    if nofile:
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = nofile if hard == resource.RLIM_INFINITY else min(hard, nofile)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except ValueError:
            pass  # some systems lie about their hard limit
    folder = os.path.realpath(tempfile.mkdtemp(prefix='rplay_payload_'))
    try:
        path = os.path.join(folder, 'pack.zip')
        with open(path, 'wb') as file:
            file.write(base64.b64decode(pack))
        sys.path[:] = [path] + [entry for entry in sys.path if entry not in ('', '.')]
        from ansible.module_utils._internal._ansiballz import _loader
        if not compiles(module):
            sys.exit(1)
        _loader.run_module(
            json_params=base64.b64decode(params),
            profile=profile,
            module_fqn=module,
            modlib_path=path,
            extensions=json.loads(base64.b64decode(extensions).decode()),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)

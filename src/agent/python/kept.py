"""A module that stays on its host (keep_remote_files), to be run again by hand.

    python AnsiballZ_NAME.py           runs it as it ran
    python AnsiballZ_NAME.py explode   puts its files into debug_dir, to be changed there
    python AnsiballZ_NAME.py execute   runs what is in debug_dir
"""

import json
import os
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACK = os.path.join(HERE, 'pack.zip')
EXTENSIONS = os.path.join(HERE, 'extensions')
PARAMS = os.path.join(HERE, 'params')
EXPLODED = os.path.join(HERE, 'debug_dir')


def content(path):
    with open(path, 'rb') as file:
        return file.read()


def explode():
    with zipfile.ZipFile(PACK) as pack:
        pack.extractall(EXPLODED)
    with open(os.path.join(EXPLODED, 'args'), 'wb') as file:
        file.write(content(PARAMS))
    print('Module expanded into:')
    print(EXPLODED)


def run(module, profile, path, params):
    sys.path[:] = [path] + [entry for entry in sys.path if entry not in ('', '.', HERE)]
    from ansible.module_utils._internal._ansiballz import _loader
    _loader.run_module(
        json_params=content(params),
        profile=profile,
        module_fqn=module,
        modlib_path=path,
        extensions=json.loads(content(EXTENSIONS).decode()),
    )


def main(module, profile):
    command = sys.argv[1] if len(sys.argv) == 2 else None
    if command is None:
        run(module, profile, PACK, PARAMS)
    elif command == 'explode':
        explode()
    elif command == 'execute':
        run(module, profile, EXPLODED, os.path.join(EXPLODED, 'args'))
    else:
        print('FATAL: Unknown debug command %r.  Doing nothing.' % command)

"""A warm Python interpreter: imports what every Ansible module imports, then forks for each module.

rplay's agent starts it with a socket as standard input. The first message is this text; each later one is a
call: JSON, with the descriptors for standard output, standard error and the call's state beside it. A fork runs
the module as if an interpreter had been started for it; this process changes nothing of itself.
"""

import os
import select
import signal
import socket
import struct
import sys


def receive(sock, size):
    """Exactly so many bytes; none at all when the agent is gone."""
    parts = []
    while size:
        part = sock.recv(size)
        if not part:
            return b''
        parts.append(part)
        size -= len(part)
    return b''.join(parts)


def receive_call(sock):
    """One call and its descriptors."""
    import array
    import json
    fds = array.array('i')
    space = socket.CMSG_SPACE(3 * fds.itemsize)
    head, extra, _flags, _peer = sock.recvmsg(4, space)
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[:len(data) - len(data) % fds.itemsize])
    if not head:
        return None, []
    head += receive(sock, 4 - len(head)) if len(head) < 4 else b''
    body = receive(sock, struct.unpack('>I', head)[0])
    return (json.loads(body.decode('utf-8', 'surrogatepass')) if body else None), list(fds)


def tell(fd, text):
    try:
        os.write(fd, text.encode())
    except OSError:
        pass  # the agent no longer waits for this call


def serve(sock):
    """Forks for every call; returns the call in the fork, None when the agent is gone."""
    wake_read, wake_write = os.pipe()
    for fd in (wake_read, wake_write):
        os.set_blocking(fd, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    old_wake = signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    running = {}
    while True:
        ready = select.select([sock, wake_read], [], [])[0]
        if wake_read in ready:
            try:
                while os.read(wake_read, 512):
                    pass
            except BlockingIOError:
                pass
            while running:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                if pid in running:
                    tell(running[pid], '%d\n' % status)
                    os.close(running.pop(pid))
        if sock not in ready:
            continue
        call, fds = receive_call(sock)
        if call is None or len(fds) != 3:
            return None
        pid = os.fork()
        if pid:
            for fd in fds[:2]:
                os.close(fd)
            running[pid] = fds[2]
            tell(fds[2], '%d\n' % pid)
            continue
        signal.set_wakeup_fd(old_wake)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.dup2(fds[0], 1)
        os.dup2(fds[1], 2)
        for fd in set(fds) | set(running.values()) | {wake_read, wake_write}:
            if fd > 2:
                os.close(fd)
        sock.close()
        return call


def prepare(call):
    """What an interpreter of the module's own would have found, or would have been given."""
    coerced = os.environ.get('LC_CTYPE')
    os.environ.clear()
    os.environ.update(call['env'])
    if coerced and not os.environ.get('LC_ALL'):
        os.environ.setdefault('LC_CTYPE', coerced)  # an interpreter sets it itself where the locale is plain C
    try:
        os.getcwd()
    except OSError:
        try:
            os.chdir(os.path.expanduser('~'))
        except OSError:
            os.chdir('/')
    if call['nofile']:
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = call['nofile'] if hard == resource.RLIM_INFINITY else min(hard, call['nofile'])
        if wanted != soft:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            except ValueError:
                pass  # some systems lie about their hard limit


def enter(pack, first):
    """Imports from now on come out of this module's pack alone."""
    sys.path[:] = [pack] + [path for path in sys.path if path not in (first, pack)]
    for name, module in list(sys.modules.items()):
        if name == 'ansible' or name.startswith('ansible.'):
            paths = getattr(module, '__path__', None)
            if paths is not None:
                module.__path__ = [pack + p[len(first):] if p.startswith(first) else p for p in paths]


def compiled(pack, part):
    """Lets imports out of a pack take what Python compiled of it before; gives the function that keeps what is new.

    It is kept beside the pack, in a folder that is this user's alone, and only code is, not what a module does with
    it. What an interpreter starts with is one part, what a call imports beside that another: neither reads the other's.
    """
    if sys.version_info < (3, 10):
        return lambda: None  # their importer asks nobody for its code
    import marshal
    import zipimport
    from importlib.util import MAGIC_NUMBER
    path = '%s.%s.%s' % (pack[:-len('.zip')], part, sys.implementation.cache_tag)
    codes = {}
    try:
        with open(path, 'rb') as file:
            if file.read(len(MAGIC_NUMBER)) == MAGIC_NUMBER:
                codes = marshal.load(file)
    except (OSError, EOFError, ValueError, TypeError):
        pass  # the first time, or another Python's
    known = len(codes)

    class Importer(zipimport.zipimporter):
        def get_code(self, fullname):
            if fullname not in codes:
                codes[fullname] = super().get_code(fullname)
            return codes[fullname]

        def get_filename(self, fullname):
            return self.get_code(fullname).co_filename  # its own way is to compile it for that

    def hook(entry):
        if entry != pack and not entry.startswith(pack + os.sep):
            raise ImportError(entry)
        return Importer(entry)

    def keep():
        if len(codes) == known:
            return
        coming = '%s.%d' % (path, os.getpid())
        try:
            fd = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with open(fd, 'wb') as file:
                    file.write(MAGIC_NUMBER + marshal.dumps(codes))
                os.rename(coming, path)
            except (OSError, ValueError):
                os.unlink(coming)
        except OSError:
            pass  # no room: it is compiled again next time

    for entry in list(sys.path_importer_cache):
        if entry == pack or entry.startswith(pack + os.sep):
            del sys.path_importer_cache[entry]
    sys.path_hooks.insert(0, hook)
    return keep


def compiles(name):
    """Whether a module can be compiled; what is wrong with it is printed where not, for the controller to tell."""
    import json
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


def close_inherited(kept):
    """What the agent was started with is none of a module's business."""
    try:
        fds = [int(name) for name in os.listdir('/proc/self/fd')]
    except OSError:
        return
    for fd in fds:
        if fd > 2 and fd != kept:
            try:
                os.close(fd)
            except OSError:
                pass  # that of the listing itself


def main():
    sock = socket.socket(fileno=os.dup(0))
    close_inherited(sock.fileno())
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    first = receive(sock, struct.unpack('>I', receive(sock, 4))[0]).decode()
    sys.path[:] = [first] + [path for path in sys.path if path not in ('', '.')]
    sys.argv[:] = ['']
    keep = compiled(first, 'start')
    from ansible.module_utils import basic
    from ansible.module_utils._internal._ansiballz import _loader
    from ansible.module_utils.common import json as common_json
    for direction in common_json.Direction:
        common_json.get_module_encoder('legacy', direction)
        common_json.get_module_decoder('legacy', direction)
    import gc
    import json
    import runpy
    keep()
    sock.sendall(b'+')
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 2)
    os.close(null)
    gc.collect()
    if hasattr(gc, 'freeze'):
        gc.freeze()
    call = serve(sock)
    if call is None:
        return
    prepare(call)
    enter(call['pack'], first)
    sys.argv[:] = [call['file']]
    keep = compiled(call['pack'], 'call')
    try:
        if not compiles(call['import']):
            sys.exit(1)
        _loader.run_module(
            json_params=call['params'].encode('utf-8', 'surrogatepass'),
            profile=call['profile'],
            module_fqn=call['import'],
            modlib_path=call['pack'],
            extensions=json.loads(call['extensions']),
        )
    finally:
        keep()


main()

"""The control socket of one QEMU."""
import json
import socket
import threading
import time


class Qmp:
    def __init__(self, path, on_event, timeout_s=20):
        self.socket = socket.socket(socket.AF_UNIX)
        end = time.time() + timeout_s
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.time() > end:
                    raise
                time.sleep(0.05)
        self.file = self.socket.makefile('rw')
        self.on_event = on_event
        self.changed = threading.Condition()
        self.replies = []
        self.one_call = threading.Lock()
        self.is_dead = False
        json.loads(self.file.readline())
        threading.Thread(target=self._read, daemon=True).start()
        self.call('qmp_capabilities')

    def _read(self):
        try:
            for line in self.file:
                message = json.loads(line)
                if 'event' in message:
                    threading.Thread(target=self.on_event, args=(message,), daemon=True).start()
                    continue
                with self.changed:
                    self.replies.append(message)
                    self.changed.notify_all()
        except (OSError, ValueError):
            pass
        with self.changed:
            self.is_dead = True
            self.changed.notify_all()

    def call(self, execute, **arguments):
        with self.one_call:
            self.file.write(json.dumps({'execute': execute, 'arguments': arguments}) + '\n')
            self.file.flush()
            with self.changed:
                if not self.changed.wait_for(lambda: self.replies or self.is_dead, 20):
                    raise RuntimeError('no answer from QMP')
                if not self.replies:
                    raise RuntimeError('QMP is closed')
                reply = self.replies.pop(0)
        if 'error' in reply:
            raise RuntimeError(f"{execute}: {reply['error']}")
        return reply['return']

#!/usr/bin/python3
"""events.py FOLDER: the event sink's messages for `init`, which can only copy bytes. One file an event: the `data` field of
events.EventRequest; `init` adds the id. `.preface` and `.headers` open the HTTP/2 connection and each Publish."""
import os
import sys

FOLDER = sys.argv[1]
RESTART_CMD = 0x01234567
BOOTING, INSTALLING, MAINTENANCE, RUNNING, REBOOTING = 1, 2, 3, 4, 5
START, STOP = 1, 2


def varint(value):
    out = b''
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def text(number, value):
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def number(field, value):
    return varint(field << 3) + varint(value) if value else b''


def event(kind, body):
    return text(1, text(1, f'type.googleapis.com/machine.{kind}') + text(2, body))


def sequence(name, action, error=None):
    failed = text(3, text(2, error)) if error else b''
    return event('SequenceEvent', text(1, name) + number(2, action) + failed)


def step(kind, name, action=0):
    return event(kind, text(1, name) + number(2, action))


def status(stage, ready, unmet=()):
    conditions = b''.join(text(2, text(1, name) + text(2, why)) for name, why in unmet)
    return event('MachineStatusEvent', number(1, stage) + text(2, number(1, ready) + conditions))


EVENTS = {
    'initialize': sequence('initialize', START),
    'requirements': step('PhaseEvent', 'systemRequirements'),
    'wipe': step('PhaseEvent', 'wipeDisks'),
    'halt': step('PhaseEvent', 'haltIfInstalled'),
    'config': step('PhaseEvent', 'config'),
    'load-config': step('TaskEvent', 'loadConfig'),
    'config-error': event('ConfigLoadErrorEvent', text(1, 'unknown keys found during decoding')),
    'config-loaded': step('TaskEvent', 'loadConfig', 1),
    'initialized': sequence('initialize', STOP),
    'maintenance-task': step('TaskEvent', 'runningMaintenance'),
    'maintenance': status(MAINTENANCE, True),
    'install': sequence('install', START),
    'install-phase': step('PhaseEvent', 'install'),
    'installing': status(INSTALLING, True),
    'install-done': step('PhaseEvent', 'install', 1),
    'failed': sequence('install', 0, 'sequence failed: error running phase 2 in install sequence: task 1/1: failed'),
    'reboot-phase': step('PhaseEvent', 'reboot'),
    'rebooting': status(REBOOTING, True),
    'reboot-start': sequence('reboot', START),
    'restart': event('RestartEvent', number(1, RESTART_CMD)),
    'boot': sequence('boot', START),
    'booting': status(BOOTING, False, [('services', 'kubelet not running')]),
    'running': status(RUNNING, False, [('nodeReady', 'node is not ready')]),
    'ready': status(RUNNING, True),
}


def literal(name, value):
    """HPACK, literal without indexing."""
    return b'\0' + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


HEADERS = b'\x83\x86' + b''.join(literal(*one) for one in [
    (':path', '/events.EventSinkService/Publish'), (':authority', 'events'), ('content-type', 'application/grpc'), ('te', 'trailers')])
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + b'\0\0\0\x04\0\0\0\0\0'

os.makedirs(FOLDER, exist_ok=True)
for name, data in {**EVENTS, '.headers': HEADERS, '.preface': PREFACE}.items():
    with open(os.path.join(FOLDER, name), 'wb') as file:
        file.write(data)

#!/usr/bin/python3
"""rack.py FOLDER: all machines of FOLDER/rack.json, their BMCs, and a socket FOLDER/rack.sock that takes JSON lines:
what a person at the rack can do (press the power button, choose network boot) and no BMC tells, and what the BMCs ask."""
import json
import os
import signal
import socketserver
import sys
import threading
import time

from lab_socket import answer_lab, start_bmc, wait_for_bmc
from machine import Machine
from plain_rom import open_tap

FOLDER = sys.argv[1]
WRITING = threading.Lock()


def write_line(name, line):
    with WRITING, open(os.path.join(FOLDER, name), 'a') as file:
        file.write(line + '\n')


def tell(machine, what, **more):
    write_line('chassis.jsonl', json.dumps({'t': round(time.time(), 3), 'machine': machine, 'event': what, **more}))


def main():
    with open(os.path.join(FOLDER, 'rack.json')) as file:
        rack = json.load(file)
    machines = {spec['name']: Machine(spec, FOLDER, tell) for spec in rack['machines']}
    bmcs = {}

    def stop(*_):
        for process in bmcs.values():
            process.kill()
        for machine in machines.values():
            if machine.is_on():
                machine.process.kill()
        os._exit(0)

    def handle(question):
        if 'op' in question:
            return answer_lab(machines, question)
        machine = machines[question['machine']]
        if question['do'] == 'power':
            return machine.power(question['how'])
        if question['do'] == 'boot':
            machine.set_boot(question['enabled'], question['target'])
        return machine.status()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                try:
                    answer = {'ok': handle(json.loads(line))}
                except Exception as error:
                    answer = {'error': f'{type(error).__name__}: {error}'}
                self.wfile.write((json.dumps(answer) + '\n').encode())

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    signal.signal(signal.SIGTERM, stop)
    # A switch port that is always up. When all machines are off the bridge loses its carrier, and what a server sends in
    # the moment a machine comes up can be dropped (seen: every DHCPOFFER of one boot gone).
    uplink = open_tap('uplink0', os.O_RDWR | os.O_NONBLOCK)
    bmcs.update({name: start_bmc(machine, FOLDER) for name, machine in machines.items() if machine.spec.get('bmc')})
    for name, process in bmcs.items():
        wait_for_bmc(machines[name], process)
    server = Server(os.path.join(FOLDER, 'rack.sock'), Handler)
    print('ready', uplink, flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()

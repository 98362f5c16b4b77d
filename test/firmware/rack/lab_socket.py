"""What redfish.py asks its chassis, in the words of the lab's supervisor that it was written for: JSON lines with `op`.
redfish.py is the lab's file as it is; whatever our machines name or do otherwise is put into its words here."""
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def status_of(machine):
    status, spec = machine.status(), machine.spec
    lab = {**spec, 'fw': spec['firmware'], 'mem': spec['memoryMiB'], 'cpus': 1, 'sku': 'SKU'}
    return {**status, 'uuid': spec['uuid'], 'mac': spec['mac'], 'spec': lab}


def answer_lab(machines, question):
    machine = next(one for one in machines.values() if one.spec['uuid'] == question['node'])
    if question['op'] == 'power':
        machine.power(question['state'])
    elif question['op'] == 'boot':
        # Our firmware learns its address from DHCP: an override that names one must not pass for one that works.
        if question.get('http_uri'):
            raise ValueError('this chassis takes no HttpBootUri')
        machine.set_boot(question.get('enabled'), question.get('target'))
    elif question['op'] != 'status':
        raise KeyError(question['op'])
    return status_of(machine)


def start_bmc(machine, folder):
    """One process a BMC, as the lab runs them; every request is a line in the machine's redfish.log."""
    arguments = [os.path.join(folder, 'rack.sock'), machine.spec['bmc'], '443', os.path.join(folder, 'bmc.crt'), os.path.join(folder, 'bmc.key')]
    with open(machine.path('redfish.log'), 'ab') as log:
        return subprocess.Popen([sys.executable, '-B', os.path.join(HERE, 'redfish.py'), *arguments, machine.spec['uuid']],
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def wait_for_bmc(machine, process, timeout_s=60):
    end = time.time() + timeout_s
    while True:
        try:
            return socket.create_connection((machine.spec['bmc'], 443), 1).close()
        except OSError:
            if process.poll() is not None or time.time() > end:
                raise
            time.sleep(0.1)

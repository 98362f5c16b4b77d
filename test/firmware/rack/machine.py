"""One QEMU machine with the manners of a server in a chassis: power, reset, and a boot override with Once."""
import os
import re
import socket
import subprocess
import threading
import time

from plain_rom import PlainRom
from qmp import Qmp

NO_OVERRIDE = {'enabled': 'Disabled', 'target': 'None', 'id': 0}
# SeaBIOS resets the machine once more by itself right after a warm reset: Once must survive that.
ONCE_LASTS_S = 2.0


class Machine:
    def __init__(self, spec, folder, tell):
        self.spec = spec
        self.name = spec['name']
        self.folder = os.path.join(folder, self.name)
        self.tell = lambda what, **more: tell(self.name, what, **more)
        self.lock = threading.RLock()
        self.process = None
        self.qmp = None
        self.rom = None
        self.timer = None
        self.restarts = False
        self.boot = dict(NO_OVERRIDE)

    def path(self, name):
        return os.path.join(self.folder, name)

    def is_on(self):
        return self.process is not None and self.process.poll() is None

    def status(self):
        with self.lock:
            return {'name': self.name, 'power': 'On' if self.is_on() else 'Off', 'boot': dict(self.boot), 'spec': self.spec}

    # The boot order is the `bootindex` of the devices; QEMU hands it to the firmware anew at every machine reset.
    def order(self):
        target = self.boot['target'] if self.boot['enabled'] != 'Disabled' else 'None'
        if target in ('Pxe', 'UefiHttp'):
            return {'nic': 1, 'disk': 2}
        if target == 'Hdd' or self.spec['order'] == 'disk':
            return {'disk': 11, 'nic': 12}
        return {'nic': 21, 'disk': 22}

    def arguments(self):
        spec, order = self.spec, self.order()
        arm = spec['arch'] == 'arm64'
        bios = spec['firmware'] == 'bios'
        machine = ['qemu-system-aarch64', '-machine', 'virt', '-cpu', 'cortex-a57'] if arm else [
            'qemu-system-x86_64', '-machine', 'q35' + (',graphics=off' if bios else ''), '-cpu', 'max']
        network = (
            f"dgram,id=net0,local.type=unix,local.path={self.path('net-vm.sock')},remote.type=unix,remote.path={self.path('net-rack.sock')}"
            if spec['plainRom'] else f"tap,id=net0,ifname={spec['tap']},script=no,downscript=no")
        # UEFI brings its own driver for virtio and its own PXE; on BIOS the card's ROM is iPXE.
        rom = '' if bios else ',romfile='
        arguments = machine + [
            '-accel', 'tcg,thread=multi', '-name', self.name, '-m', str(spec['memoryMiB']), '-smp', '1',
            '-nodefaults', '-no-user-config', '-display', 'none', '-S', '-uuid', spec['uuid'],
            '-smbios', f"type=1,manufacturer={spec['manufacturer']},product={spec['product']},version=1.0,serial={spec['serial']},sku=SKU,family=Lab",
            '-smbios', f"type=2,manufacturer={spec['manufacturer']},product=LabBoard,serial={spec['boardSerial']},asset={spec['asset']}-board",
            '-smbios', f"type=3,manufacturer={spec['manufacturer']},serial={spec['serial']}-ch,asset={spec['asset']}",
            '-qmp', f"unix:{self.path('qmp.sock')},server=on,wait=off",
            '-chardev', f"socket,id=ser0,path={self.path('serial.sock')},server=on,wait=off,logfile={self.path('serial.raw')},logappend=on", '-serial', 'chardev:ser0',
            '-netdev', network, '-device', f"virtio-net-pci,id=nic0,netdev=net0,mac={spec['mac']},bootindex={order['nic']}{rom}",
            '-drive', f"if=none,id=drive0,file={self.path('disk.qcow2')},format=qcow2,cache=unsafe,discard=unmap",
            '-device', f"virtio-blk-pci,id=disk0,drive=drive0,serial={spec['diskSerial']},bootindex={order['disk']}",
            '-object', 'rng-random,id=rng0,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng0',
        ]
        if not bios:
            code = '/usr/share/AAVMF/AAVMF_CODE.fd' if arm else '/usr/share/OVMF/OVMF_CODE_4M.fd'
            arguments += ['-drive', f'if=pflash,unit=0,format=raw,readonly=on,file={code}',
                          '-drive', f"if=pflash,unit=1,format=raw,file={self.path('vars.fd')}"]
            if self.boot['enabled'] != 'Disabled' and self.boot['target'] == 'UefiHttp':
                # The firmware tries PXE first; without it, HTTP boot is the NIC's first entry.
                for switch in ('IPv4PXESupport', 'IPv6PXESupport'):
                    arguments += ['-fw_cfg', f'name=opt/org.tianocore/{switch},string=n']
        return arguments

    def power_on(self):
        with self.lock:
            if self.is_on():
                return
            if self.spec['plainRom']:
                self.rom = self.rom or PlainRom(self.spec['tap'], self.folder)
                self.rom.is_rom = True
            for name in ('qmp.sock', 'serial.sock', 'net-vm.sock'):
                if os.path.exists(self.path(name)):
                    os.unlink(self.path(name))
            self.tell('power-on', override=dict(self.boot))
            with open(self.path('qemu.log'), 'ab') as log:
                self.process = subprocess.Popen(self.arguments(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                self.qmp = Qmp(self.path('qmp.sock'), self._event)
                threading.Thread(target=self._serial, daemon=True).start()
                self.qmp.call('cont')
            except Exception as error:
                self.process.kill()
                self.process.wait()
                said = open(self.path('qemu.log'), errors='replace').read()[-600:]
                raise RuntimeError(f'qemu did not start: {error}: {said}') from error
            self._boot_began()
            threading.Thread(target=self._wait, args=(self.process,), daemon=True).start()

    def _boot_began(self):
        process, armed = self.process, self.boot['id']

        def consume():
            with self.lock:
                if self.process is not process or not self.is_on():
                    return
                try:
                    # An override that was set after this boot began is for the next one.
                    if self.boot['enabled'] == 'Once' and armed == self.boot['id']:
                        self.tell('override-consumed', target=self.boot['target'])
                        self.boot = dict(NO_OVERRIDE)
                    self._apply_order()
                except Exception as error:
                    self.tell('error', text=str(error))

        if self.timer:
            self.timer.cancel()
        self.timer = threading.Timer(ONCE_LASTS_S, consume)
        self.timer.daemon = True
        self.timer.start()

    def _apply_order(self):
        order = self.order()
        for device in sorted(order, key=order.get):
            path = f'/machine/peripheral/{device}0'
            # QEMU refuses to set an index to the value that it has.
            if self.qmp.call('qom-get', path=path, property='bootindex') != order[device]:
                self.qmp.call('qom-set', path=path, property='bootindex', value=order[device])

    def _event(self, message):
        if message['event'] != 'RESET':
            return
        if self.rom:
            self.rom.is_rom = True
        self.tell('reset', guest=message['data'].get('guest'))
        with self.lock:
            self._boot_began()

    def _wait(self, process):
        code = process.wait()
        self.tell('power-off', code=code)
        with self.lock:
            again, self.restarts = self.restarts, False
        if again:
            self.power_on()

    def _serial(self):
        console = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                console.connect(self.path('serial.sock'))
                break
            except OSError:
                time.sleep(0.02)
        rest = b''
        with open(self.path('serial.log'), 'ab', buffering=0) as log:
            log.write(b'%.3f ===== power on\n' % time.time())
            while True:
                try:
                    chunk = console.recv(4096)
                except OSError:
                    break
                if not chunk:
                    break
                *lines, rest = re.split(rb'[\r\n]+', rest + chunk)
                if len(rest) > 400:
                    lines.append(rest)
                    rest = b''
                for line in lines:
                    if line.strip():
                        log.write(b'%.3f %s\n' % (time.time(), line))

    def power_off(self):
        with self.lock:
            if not self.is_on():
                return
            self.restarts = False
            process = self.process
            process.kill()
        process.wait()

    def reset(self):
        with self.lock:
            if not self.is_on():
                return
            cold = self.boot['enabled'] != 'Disabled' and self.boot['target'] == 'UefiHttp'
            if not cold:
                self.qmp.call('system_reset')
                return
        self.power_off()
        self.power_on()

    def shut_down(self, restart=False):
        with self.lock:
            if self.is_on():
                self.restarts = restart
                self.qmp.call('system_powerdown')

    def set_boot(self, enabled=None, target=None):
        with self.lock:
            self.boot['target'] = target or self.boot['target']
            self.boot['enabled'] = enabled or self.boot['enabled']
            if self.boot['enabled'] == 'Disabled' or self.boot['target'] == 'None':
                self.boot = dict(NO_OVERRIDE)
            self.boot['id'] = time.monotonic()
            self.tell('override-set', enabled=self.boot['enabled'], target=self.boot['target'])
            if self.is_on():
                self._apply_order()

    def power(self, how):
        orders = {
            'On': self.power_on, 'ForceOff': self.power_off, 'ForceRestart': self.reset,
            'GracefulShutdown': self.shut_down, 'GracefulRestart': lambda: self.shut_down(True),
            'PowerCycle': lambda: (self.power_off(), self.power_on()),
        }
        orders[how]()
        return self.status()

"""QEMU's only legacy PXE ROM is iPXE itself. This stands between a machine's NIC and its switch port and makes the first
network stage look like a vendor's PXE ROM: until that ROM has fetched a file by TFTP, its DHCP loses what only iPXE
sends (77, 175, and 175 and 203 in the request list), and TCP does not pass, since a vendor's ROM has none."""
import fcntl
import os
import select
import socket
import struct
import threading

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
IPXE_ONLY = (77, 175)
IPXE_ASKS = (175, 203)


def open_tap(name, flags=os.O_RDWR):
    tap = os.open('/dev/net/tun', flags)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


class PlainRom(threading.Thread):
    def __init__(self, tap_name, folder):
        super().__init__(daemon=True)
        self.is_rom = True
        self.tap = open_tap(tap_name)
        self.machine = os.path.join(folder, 'net-vm.sock')
        own = os.path.join(folder, 'net-rack.sock')
        if os.path.exists(own):
            os.unlink(own)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(own)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.start()

    def run(self):
        while True:
            for ready in select.select([self.tap, self.socket], [], [])[0]:
                try:
                    if ready == self.tap:
                        self.socket.sendto(os.read(self.tap, 65536), self.machine)
                    else:
                        frame = self.from_machine(self.socket.recv(65536))
                        if frame:
                            os.write(self.tap, frame)
                except OSError:
                    pass  # the machine is off, or its socket is not there yet

    def from_machine(self, frame):
        if not self.is_rom or len(frame) < 42 or frame[12:14] != b'\x08\x00':
            return frame
        protocol, udp = frame[23], 14 + (frame[14] & 15) * 4
        if protocol == 6:
            return None
        port = struct.unpack_from('>H', frame, udp + 2)[0] if protocol == 17 else 0
        if port == 69:
            self.is_rom = False  # it loads its boot file: what runs after this may say what it is
        if port not in (67, 4011) or len(frame) < udp + 249:
            return frame
        return self.without_ipxe(bytearray(frame), udp)

    def without_ipxe(self, frame, udp):
        length, = struct.unpack_from('>H', frame, udp + 4)
        begin, end = udp + 248, udp + length
        kept, position, has_arch = b'', begin, False
        while position < end and frame[position] != 255:
            if frame[position] == 0:
                position += 1
                continue
            code, size = frame[position], frame[position + 1]
            value = bytes(frame[position + 2:position + 2 + size])
            position += 2 + size
            has_arch = has_arch or code == 93
            if code in IPXE_ONLY:
                continue
            if code == 55:
                value = bytes(one for one in value if one not in IPXE_ASKS)
            kept += bytes([code, len(value)]) + value
        if not has_arch:
            self.is_rom = False  # no client architecture: an operating system asks
            return bytes(frame)
        frame[begin:end] = (kept + b'\xff').ljust(end - begin, b'\0')
        frame[udp + 6:udp + 8] = b'\0\0'  # no checksum (RFC 768)
        return bytes(frame)

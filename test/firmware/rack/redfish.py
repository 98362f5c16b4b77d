"""A small, strict Redfish service: one BMC a machine, HTTPS, Basic and sessions. It was written without knowledge of the
product: what the product must cope with is here, and nothing is here to please it."""
import base64
import json
import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

V1 = '/redfish/v1'
USER, PASSWORD = 'admin', 'labpass'
RESETS = ['On', 'ForceOff', 'GracefulShutdown', 'ForceRestart', 'GracefulRestart', 'PowerCycle']
SESSION_MAX = 8


def collection(path, name, members):
    return {'@odata.id': path, 'Name': name, 'Members': [{'@odata.id': one} for one in members], 'Members@odata.count': len(members)}


def boot_of(spec, boot):
    bios = spec['firmware'] == 'bios'
    mode = 'Legacy' if bios else 'UEFI'
    return {
        'BootSourceOverrideEnabled': boot['enabled'],
        'BootSourceOverrideTarget': boot['target'],
        'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'Pxe', 'Hdd'] + ([] if bios else ['UefiHttp']),
        'BootSourceOverrideMode': mode,
        'BootSourceOverrideMode@Redfish.AllowableValues': [mode],
    }


def system(machine):
    status = machine.status()
    spec, path = status['spec'], f"{V1}/Systems/{status['spec']['uuid']}"
    return {
        '@odata.id': path, '@odata.type': '#ComputerSystem.v1_20_0.ComputerSystem', 'Id': spec['uuid'], 'Name': status['name'],
        'SystemType': 'Physical', 'UUID': spec['uuid'], 'Manufacturer': spec['manufacturer'], 'Model': spec['product'],
        'SerialNumber': spec['serial'], 'SKU': 'SKU', 'AssetTag': spec['asset'], 'PowerState': status['power'],
        'Status': {'State': 'Enabled', 'Health': 'OK'}, 'Boot': boot_of(spec, status['boot']),
        'ProcessorSummary': {'Count': 1}, 'MemorySummary': {'TotalSystemMemoryGiB': max(1, spec['memoryMiB'] // 1024)},
        'EthernetInterfaces': {'@odata.id': path + '/EthernetInterfaces'}, 'Links': {'ManagedBy': [{'@odata.id': V1 + '/Managers/bmc'}]},
        'Actions': {'#ComputerSystem.Reset': {'target': path + '/Actions/ComputerSystem.Reset', 'ResetType@Redfish.AllowableValues': RESETS}},
    }


def resources(machine, sessions):
    uuid, mac = machine.spec['uuid'], machine.spec['mac']
    base, nics = f'{V1}/Systems/{uuid}', f'{V1}/Systems/{uuid}/EthernetInterfaces'
    ok = {'State': 'Enabled', 'Health': 'OK'}
    return {
        '/redfish': lambda: {'v1': V1 + '/'},
        V1: lambda: {'@odata.id': V1, '@odata.type': '#ServiceRoot.v1_15_0.ServiceRoot', 'Id': 'RootService', 'Name': 'Lab BMC',
                     'RedfishVersion': '1.18.0', 'Vendor': 'LabCorp', 'Systems': {'@odata.id': V1 + '/Systems'},
                     'Managers': {'@odata.id': V1 + '/Managers'}, 'SessionService': {'@odata.id': V1 + '/SessionService'},
                     'Links': {'Sessions': {'@odata.id': V1 + '/SessionService/Sessions'}}},
        V1 + '/Systems': lambda: collection(V1 + '/Systems', 'Systems', [base]),
        V1 + '/Managers': lambda: collection(V1 + '/Managers', 'Managers', [V1 + '/Managers/bmc']),
        V1 + '/Managers/bmc': lambda: {'@odata.id': V1 + '/Managers/bmc', 'Id': 'bmc', 'Name': 'Lab BMC', 'ManagerType': 'BMC',
                                       'FirmwareVersion': '1.0', 'Status': ok},
        V1 + '/SessionService': lambda: {'@odata.id': V1 + '/SessionService', 'Id': 'SessionService', 'Name': 'Sessions',
                                         'SessionTimeout': 300, 'Sessions': {'@odata.id': V1 + '/SessionService/Sessions'}},
        V1 + '/SessionService/Sessions': lambda: collection(V1 + '/SessionService/Sessions', 'Sessions',
                                                            [f'{V1}/SessionService/Sessions/{one}' for one in sessions.values()]),
        base: lambda: system(machine),
        nics: lambda: collection(nics, 'NICs', [nics + '/1']),
        nics + '/1': lambda: {'@odata.id': nics + '/1', 'Id': '1', 'Name': 'NIC 1', 'MACAddress': mac, 'PermanentMACAddress': mac, 'Status': ok},
    }


def handler(machine, log):
    sessions = {}
    known = resources(machine, sessions)
    base = f"{V1}/Systems/{machine.spec['uuid']}"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def log_message(self, form, *values):
            log(f'{machine.name} {form % values}')

        def answer(self, code, body=None, **headers):
            data = b'' if body is None else json.dumps(body).encode()
            self.send_response(code)
            for key, value in {'OData-Version': '4.0', 'Content-Type': 'application/json', 'Content-Length': len(data), **headers}.items():
                self.send_header(key.replace('_', '-'), str(value))
            self.end_headers()
            self.wfile.write(data)

        def refuse(self, code, key, text):
            info = {'MessageId': f'Base.1.18.{key}', 'Message': text}
            self.answer(code, {'error': {'code': f'Base.1.18.{key}', 'message': text, '@Message.ExtendedInfo': [info]}})

        def is_known(self):
            basic = 'Basic ' + base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()
            return self.headers.get('X-Auth-Token') in sessions or self.headers.get('Authorization') == basic

        def do_GET(self):
            path = self.path.split('?')[0].rstrip('/')
            if path not in ('/redfish', V1) and not self.is_known():
                return self.refuse(401, 'NoValidSession', 'log in first')
            found = known.get(path)
            return self.answer(200, found()) if found else self.refuse(404, 'ResourceMissingAtURI', path)

        def read_body(self):
            try:
                body = json.loads(self.rfile.read(int(self.headers.get('Content-Length') or 0)) or b'{}')
            except ValueError:
                body = None
            if not isinstance(body, dict):
                self.refuse(400, 'MalformedJSON', 'the body is no JSON object')
                return None
            return body

        def do_POST(self):
            path, body = self.path.rstrip('/'), self.read_body()
            if body is None:
                return None
            if path == V1 + '/SessionService/Sessions':
                return self.log_in(path, body)
            if not self.is_known():
                return self.refuse(401, 'NoValidSession', 'log in first')
            if path != base + '/Actions/ComputerSystem.Reset':
                return self.refuse(405, 'OperationNotAllowed', path)
            how = body.get('ResetType')
            if how not in RESETS:
                return self.refuse(400, 'ActionParameterNotSupported', f'ResetType {how}')
            if machine.is_on() == (how == 'On'):
                return self.refuse(409, 'ResourceInUse', 'the system is in that state already')
            machine.power(how)
            return self.answer(204)

        def log_in(self, path, body):
            if (body.get('UserName'), body.get('Password')) != (USER, PASSWORD):
                return self.refuse(401, 'ResourceAtUriUnauthorized', 'wrong user or password')
            if len(sessions) >= SESSION_MAX:
                return self.refuse(503, 'SessionLimitExceeded', 'too many sessions')
            token, number = secrets.token_hex(16), secrets.token_hex(4)
            sessions[token] = number
            return self.answer(201, {'@odata.id': f'{path}/{number}', 'Id': number, 'Name': 'Session'},
                               X_Auth_Token=token, Location=f'{path}/{number}')

        def do_DELETE(self):
            if not self.is_known():
                return self.refuse(401, 'NoValidSession', 'log in first')
            gone = [token for token, number in sessions.items() if self.path == f'{V1}/SessionService/Sessions/{number}']
            for token in gone:
                del sessions[token]
            return self.answer(204) if gone else self.refuse(404, 'ResourceMissingAtURI', self.path)

        def do_PATCH(self):
            body = self.read_body()
            if body is None:
                return None
            if not self.is_known():
                return self.refuse(401, 'NoValidSession', 'log in first')
            if self.path.rstrip('/') != base or set(body) != {'Boot'}:
                return self.refuse(405, 'OperationNotAllowed', self.path)
            now, wanted = system(machine)['Boot'], body['Boot']
            for key in ('BootSourceOverrideTarget', 'BootSourceOverrideMode'):
                if wanted.get(key, now[key]) not in now[key + '@Redfish.AllowableValues']:
                    return self.refuse(400, 'PropertyValueNotInList', f'{key} {wanted[key]}')
            if wanted.get('BootSourceOverrideEnabled', 'Once') not in ('Once', 'Continuous', 'Disabled'):
                return self.refuse(400, 'PropertyValueNotInList', 'BootSourceOverrideEnabled')
            machine.set_boot(wanted.get('BootSourceOverrideEnabled'), wanted.get('BootSourceOverrideTarget'))
            return self.answer(200, system(machine))

    return Handler


def serve_bmc(machine, certificate, key, log):
    server = ThreadingHTTPServer((machine.spec['bmc'], 443), handler(machine, log))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()

import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import { arm, CONFIG, nodeSpec, planOf, uuidOf } from '../netboot/boot-fixture.ts';
import { hasTshark } from '../protocols/has-tshark.ts';
import { attemptPath } from './attempt-path.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { dora, httpGet, openRelay, tftpGet } from './sim-machine.ts';

/** What `export --pcapng` gives of a boot, read by another program: every protocol, and no secret. */

const MAC = '52:54:00:1a:bd:03';
const NODE = '127.77.0.50';
const REBUILT = 'rebuilt from the connection, not seen on the wire';
/** Only to end a hang: the machine may be busy. */
const PATIENT = { timeout: 40_000, interval: 20 };
const LONG_MS = 90_000;

const tshark = hasTshark();
if (!tshark) process.stderr.write('boot packets: tshark is not installed, so no other program reads the export here\n');

let stack: BootStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

async function start(bulkThreads?: number): Promise<BootStack> {
  const nodes = [nodeSpec('n1', MAC, { network: { ip: NODE, dns: [], ntp: [] } })];
  stack = await startBootStack({ nodes, ...(bulkThreads === undefined ? {} : { bulkThreads }) });
  return stack;
}

const exported = ({ parts }: BootStack): Buffer => parts.captures?.exportPcapng('n1') ?? Buffer.alloc(0);

const FIELDS = {
  protocols: 'frame.protocols',
  comment: 'frame.comment',
  source: 'ip.src',
  dhcp: 'dhcp.option.dhcp',
  is: 'tftp.opcode',
  block: 'tftp.block',
  bytes: 'udp.length',
  from: 'udp.srcport',
  to: 'udp.dstport',
  stream: 'tcp.stream',
  segmentBytes: 'tcp.len',
  sequence: 'tcp.analysis.flags',
  method: 'http.request.method',
  uri: 'http.request.uri',
  agent: 'http.user_agent',
  status: 'http.response.code',
  bodyBytes: 'http.content_length',
  udpSum: 'udp.checksum.status',
  tcpSum: 'tcp.checksum.status',
} as const;
type Row = Readonly<Record<keyof typeof FIELDS, string>>;

/** All packets, read once: tshark takes a second to start. TFTP on another port than 69 has to be named; HTTP tells itself. */
function readAll(running: BootStack): readonly Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'boot-packets-'));
  try {
    const path = join(folder, 'n1.pcapng');
    writeFileSync(path, exported(running));
    const checks = ['ip', 'udp', 'tcp'].flatMap((one) => ['-o', `${one}.check_checksum:TRUE`]);
    const as = ['-d', `udp.port==${running.ports.tftp},tftp`];
    const wanted = Object.values(FIELDS).flatMap((field) => ['-e', field]);
    const out = execFileSync('tshark', ['-n', '-r', path, ...as, ...checks, '-T', 'fields', ...wanted], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return out
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => line.split('\t'))
      .map((values) => Object.fromEntries(Object.keys(FIELDS).map((name, at) => [name, values[at] ?? ''])) as Row);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const said = ({ is, block }: Row): string => `${is} ${block}`.trim();
/** On a busy machine a block may have to be sent again: that is no part of what every transfer has. */
const isFirst = ({ comment }: Row): boolean => !/^(sent again|the last ACK before|the client asks)/.test(comment);
const clientOf = ({ source, from, to }: Row): string => (source === NODE ? from : to);
const isTftp = ({ is }: Row): boolean => is !== '';

/** By the port of the machine: a new transfer may begin in the millisecond in which the last one ended. */
const transfers = (rows: readonly Row[]): readonly (readonly Row[])[] => [
  ...Map.groupBy(rows.filter(isTftp).filter(isFirst), clientOf).values(),
];

const scriptPath = `/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`;

/** As a machine boots, by hand: all that it asks, one after the other. Gives the token that it was given. */
async function boot(running: BootStack): Promise<string> {
  const { engine, ports, images } = running;
  running.render(arm(engine, 'n1', 'install', planOf('install', images)));
  const relay = await openRelay(ports.dhcp);
  await dora(relay, 'uefi', MAC);
  await tftpGet(ports.tftp, 'ipxe.efi', NODE, { tsize: '0', blksize: '1468', windowsize: '4' });
  await tftpGet(ports.tftp, 'ipxe.efi', NODE);
  await expect(tftpGet(ports.tftp, 'grub.cfg', NODE)).rejects.toThrow('file not found');
  await dora(relay, 'ipxeUefi', MAC);
  const base = `http://127.0.0.1:${ports.http}`;
  const script = await httpGet(`${base}${scriptPath}`, NODE, { 'User-Agent': 'iPXE/1.21.1' });
  const token = attemptPath(script.body).slice('/t/'.length);
  const encoded = `%${Buffer.from(token.slice(0, 1)).toString('hex')}${token.slice(1)}`;
  await httpGet(`${base}/t/${token}/kernel`, NODE);
  await httpGet(`${base}/t/${encoded}/initrd?again=${token}&x=${encoded}`, NODE, {
    Authorization: `Bearer ${token}`,
    Referer: `${base}/t/${token}/kernel`,
  });
  await httpGet(`${base}/t/${token}/handoff`, NODE);
  await dora(relay, 'os', MAC);
  expect((await httpGet(`${base}/t/${token}/config.yaml`, NODE)).body.toString()).toBe(CONFIG);
  relay.close();
  await vi.waitFor(() => expect(engine.events.at(-1)?.type).toBe('http.configServed'), PATIENT);
  return token;
}

describe('the packets of a boot', () => {
  test('tshark is there where it must be', () => {
    expect(tshark || process.env['CI'] === undefined).toBe(true);
  });

  for (const [how, threads] of [
    ['the engine sends', undefined],
    ['bulk threads send', 2],
  ] as const) {
    test.skipIf(!tshark)(
      `${how}: DHCP, TFTP and HTTP are read by tshark, and no token and no configuration is among them`,
      async () => {
        const running = await start(threads);
        const token = await boot(running);

        const rows = readAll(running);
        expect(rows.map(({ dhcp }) => dhcp)).toEqual(expect.arrayContaining(['1', '2', '3', '5']));
        const [sizes = [], loader = [], nothing = []] = transfers(rows);
        expect(sizes.map(said)).toEqual(['1', '6', '5']);
        expect(sizes.at(-1)?.comment).toContain('only the size was asked for');
        expect(loader.map(said)).toEqual(['1', '6', '4 0', '3 1', '4 4', '3 205', '4 205']);
        expect(loader.at(-1)?.comment).toMatch(/end of ipxe\.efi: 300001 bytes in [0-9.]+ s/);
        // As large as on the wire, though of DATA only the beginning is kept: 300,001 bytes are 204 blocks and 529 bytes.
        expect([loader[3]?.bytes, loader[5]?.bytes]).toEqual(['1480', String(8 + 4 + 529)]);
        expect(nothing.map(said)).toEqual(['1', '5']);
        expect(nothing[1]?.comment).not.toBe('');
        expect(rows.filter(({ protocols }) => protocols.includes('malformed'))).toEqual([]);

        const asked = rows.filter(({ method }) => method !== '');
        const hidden = '*'.repeat(32);
        expect(asked.map(({ method, uri }) => `${method} ${uri}`)).toEqual([
          `GET ${scriptPath}`,
          `GET /t/${hidden}/kernel`,
          `GET /t/${hidden}/initrd?again=${hidden}&x=${hidden}`,
          `GET /t/${hidden}/handoff`,
          `GET /t/${hidden}/config.yaml`,
        ]);
        const answers = rows.filter(({ status }) => status !== '');
        expect(answers.map(({ status }) => status)).toEqual(['200', '200', '200', '200', '200']);
        expect(answers.map(({ bodyBytes }) => bodyBytes).slice(1)).toEqual([
          '1000000',
          '3000000',
          '7',
          String(Buffer.byteLength(CONFIG)),
        ]);
        for (const { comment } of [...asked, ...answers]) expect(comment).toContain(REBUILT);
        expect(answers[0]?.comment).toContain('script: install');
        expect(asked[0]?.agent).toBe('iPXE/1.21.1');
        const ends = rows.filter(({ segmentBytes }) => segmentBytes === '0').map(({ comment }) => comment);
        expect(ends.join('\n')).toContain('kernel: 1000000 bytes, sent');
        expect(rows.filter(({ udpSum, tcpSum }) => udpSum === '0' || tcpSum === '0')).toEqual([]);

        const bytes = exported(running).toString('latin1');
        expect(bytes).not.toContain(token);
        expect(bytes).not.toContain(token.slice(1));
        expect(bytes).not.toContain(CONFIG.slice(0, 12));
        expect(bytes).not.toContain('#!ipxe');
      },
      LONG_MS,
    );

    test.skipIf(!tshark)(
      `${how}: a transfer that stops is seen while it hangs, with the last ACK and what was sent again`,
      async () => {
        const running = await start(threads);
        const stop = await stallAfter(running.ports.tftp, 3);
        // Looked at while the transfer still waits for its client.
        await vi.waitFor(() => expect(exported(running).toString('latin1')).toContain('sent again (2)'), PATIENT);
        const rows = readAll(running).filter(isTftp);
        expect(rows.filter(isFirst).map(said)).toEqual(['1', '6', '4 0', '3 1', '4 1']);
        expect(rows.find(({ comment }) => comment === 'the last ACK before the silence')?.block).toBe('3');
        const repeated = rows.filter(({ is, block }) => is === '3' && block === '4').map(({ comment }) => comment);
        expect(repeated.join('\n')).toMatch(/sent again \(1\) after [0-9.]+ s without an answer\nsent again \(2\)/);
        stop('the disk is full');
        await vi.waitFor(() => expect(exported(running).toString('latin1')).toContain('the client gave up'), PATIENT);
        const last = readAll(running).filter(isTftp).at(-1);
        expect(last?.is).toBe('5');
        expect(last?.comment).toContain('end of ipxe.efi: the client gave up: error 3 "the disk is full"');
      },
      LONG_MS,
    );
  }

  test.skipIf(!tshark)(
    'two requests of one connection are one conversation',
    async () => {
      const running = await start();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      running.parts.addresses.learn(NODE, 'n1');
      for (const path of ['/boot.ipxe', '/no/such', '/b/ipxe.efi']) {
        const sent = get({ port: running.ports.http, host: '127.0.0.1', path, agent, localAddress: NODE });
        const [response] = await once(sent, 'response');
        response.resume();
        await once(response, 'end');
      }
      agent.destroy();
      await vi.waitFor(() => expect(exported(running).toString('latin1')).toContain('ipxe.efi: 300001 bytes'), PATIENT);
      const rows = readAll(running).filter(({ protocols }) => protocols.endsWith(':http'));
      expect(rows.map(({ stream, uri, status }) => [stream, uri, status])).toEqual([
        ['0', '/boot.ipxe', ''],
        ['0', '', '200'],
        ['0', '/no/such', ''],
        ['0', '', '404'],
        ['0', '/b/ipxe.efi', ''],
        ['0', '', '200'],
      ]);
      expect(rows.map(({ sequence }) => sequence).join('')).toBe('');
    },
    LONG_MS,
  );
});

/** Takes so many blocks and then says nothing more, until it is told to give up. */
async function stallAfter(port: number, blocks: number): Promise<(why: string) => void> {
  const socket = createSocket('udp4');
  socket.bind(0, NODE);
  await once(socket, 'listening');
  let from = 0;
  socket.on('message', (bytes, peer) => {
    from = peer.port;
    const message = decodeTftp(Buffer.from(bytes));
    if (!message.ok) return;
    const block = message.value.kind === 'oack' ? 0 : message.value.kind === 'data' ? message.value.block : undefined;
    if (block === undefined || block > blocks) return;
    socket.send(encodeTftp({ kind: 'ack', block }), peer.port, peer.address);
  });
  const options = [{ name: 'blksize', value: '1468' }];
  socket.send(encodeTftp({ kind: 'read', file: 'ipxe.efi', mode: 'octet', options }), port, '127.0.0.1');
  return (why) =>
    socket.send(encodeTftp({ kind: 'error', code: 3, message: why }), from, '127.0.0.1', () => socket.close());
}

import { expect, test } from 'vitest';
import { followNetworks } from '../../src/cli/follow-networks.ts';
import type { LogLine } from '../../src/core/ports.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import type { ServerNews } from '../../src/servers/create-dhcp-server.ts';
import type { BootServer } from '../../src/servers/server-parts.ts';
import { createTftpDesk, type TftpDesk } from '../../src/servers/tftp-desk.ts';
import type { TftpReports } from '../../src/servers/tftp-runner.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';

/** Who may have a transfer, and what is said of who may not: without a socket, so that thousands cost nothing. */

const NODE = '10.77.0.35';
const FOUR = ['10.77.0.60', '10.77.0.61', '10.77.0.62', '10.77.0.63'] as const;
const FOURTH = 4096 / 4;

function start() {
  const node = nodeSpec('n1', '52:54:00:00:00:01', { network: { ip: NODE, dns: [], ntp: [] } });
  const engine = createTestEngine([node]);
  const logs: LogLine[] = [];
  const running: TftpReports[] = [];
  const broken: string[] = [];
  const desk = createTftpDesk(
    {
      engine,
      site: () => bootSite(siteSpec([subnet()])),
      ...NOBODY_ARMED,
      tokens: createTokenBook(Buffer.from('a site secret')),
      addresses: createAddressBook(engine.fleet()),
      onLog: (line) => logs.push(line),
    },
    {
      start: (_order, reports) => {
        running.push(reports);
        return (...why) => broken.push(why.join(', '));
      },
    },
  );
  let port = 1024;
  /** What is answered at once: nothing where a transfer begins. */
  const ask = (address: string, file = 'snponly.efi', samePort = false): string | undefined => {
    let answer: string | undefined;
    if (!samePort) port = port === 65_535 ? 1024 : port + 1;
    desk.take({
      bytes: encodeTftp({ kind: 'read', file, mode: 'octet', options: [{ name: 'timeout', value: '255' }] }),
      peer: { address, port },
      local: { address: '10.77.0.1', port: 69 },
      reply: (bytes) => {
        const message = decodeTftp(bytes);
        answer = message.ok && message.value.kind === 'error' ? message.value.message : 'no error';
      },
    });
    return answer;
  };
  return { desk, engine, logs, running, broken, ask };
}

/** The burst that stopped TFTP for everybody: none of them acknowledges anything. */
function flood(ask: (address: string) => unknown): void {
  for (let index = 0; index < 1100; index += 1) for (const address of FOUR) ask(address);
}

test('half-open transfers of strangers leave room for the machines on record', () => {
  const { desk, ask } = start();
  flood(ask);
  expect(desk.active()).toBe(3 * FOURTH);
  expect(ask('10.77.0.99')).toBe('3072 transfers run to addresses of no machine on record; try again');
  expect(ask(NODE)).toBeUndefined();
  expect(desk.active()).toBe(3 * FOURTH + 1);
});

test('who forges the address of a machine on record has little of that room', () => {
  const { desk, ask } = start();
  for (const address of FOUR) for (let index = 0; index < 3 * 256; index += 1) ask(address);
  for (let index = 0; index < 100; index += 1) ask(NODE);
  expect(desk.active()).toBe(3 * FOURTH + 8);
});

test('what ends makes room again', () => {
  const { desk, ask, running } = start();
  flood(ask);
  for (const one of running.splice(0)) one.ended({ is: 'failed', reason: 'silent', resent: 0, ackedBytes: 0 });
  expect(desk.active()).toBe(0);
  flood(ask);
  expect(desk.active()).toBe(3 * FOURTH);
  expect(ask(NODE)).toBeUndefined();
});

test('who is refused and who holds most stands in the log, of a flood a few times', () => {
  const { ask, logs } = start();
  flood(ask);
  const refused = logs.filter(({ text }) => text.includes('refused'));
  expect(refused[0]).toMatchObject({
    level: 'warn',
    text: 'snponly.efi to 10.77.0.60, which is no machine that is known: refused, 3072 transfers run to addresses of no machine on record, most to 10.77.0.60 (768), 10.77.0.61 (768), 10.77.0.62 (768) and 1 more address',
  });
  expect(refused.length).toBeLessThanOrEqual(3 * FOUR.length);
});

/** One round of those that are made while the program runs. */
async function newsOf(desk: TftpDesk): Promise<readonly ServerNews[]> {
  const news: ServerNews[] = [];
  const listens = [{ address: '10.77.0.1', port: 69 }];
  const follow = async () => {
    const hampered = desk.hampered();
    return { listens, absent: [], ...(hampered === undefined ? {} : { hampered }) };
  };
  const server: BootServer = { listens, warnings: [], follow, stop: async () => undefined };
  const stop = await followNetworks({
    reader: { site: () => bootSite(siteSpec([subnet()])), look: () => undefined },
    running: new Map([['TFTP', server]]),
    log: () => undefined,
    onNews: (_service, one) => news.push(one),
  });
  await stop();
  return news;
}

test('the service is hampered while it refuses, and a minute after', async () => {
  const { desk, ask, engine } = start();
  expect(await newsOf(desk)).toEqual([]);
  flood(ask);
  const text =
    '3072 transfers run to addresses of no machine on record, and others like them are refused; machines on record are served. Most go to 10.77.0.60 (768), 10.77.0.61 (768), 10.77.0.62 (768) and 1 more address. Who asks for them: tcpdump -eni any udp port 69';
  expect(await newsOf(desk)).toEqual([{ listens: [{ address: '10.77.0.1', port: 69 }], warning: text }]);
  engine.advance(59_000);
  expect(desk.hampered()).toBe(text);
  engine.advance(2_000);
  expect(desk.hampered()).toBeUndefined();
});

test('one address that takes its share is named', () => {
  const { desk, ask } = start();
  for (let index = 0; index < 1100; index += 1) ask('10.77.0.60');
  expect(desk.hampered()).toBe('1024 transfers run to 10.77.0.60 alone, and it is refused more');
});

test('who asked for a name that is not there is told: its address, and the machine where it is known', () => {
  const { ask, logs } = start();
  for (const address of [NODE, '10.77.0.60', '10.77.0.1']) ask(address, 'pxelinux.0');
  expect(logs.map(({ node, text }) => [node, text])).toEqual([
    ['n1', 'pxelinux.0 from 10.77.0.35: no such file'],
    ['', 'pxelinux.0 from 10.77.0.60, which is no machine that is known: no such file'],
    ['', 'pxelinux.0 from 10.77.0.1, which is this host: no such file'],
  ]);
});

test('a flood of names that are not there leaves a few lines, which count the rest; a machine on record is still told', () => {
  const { ask, logs, engine } = start();
  for (let index = 0; index < 2_000; index += 1) ask('10.77.0.60', `name${index}.efi`);
  expect(logs).toHaveLength(20);
  for (let index = 0; index < 2_000; index += 1) ask(`10.77.${1 + (index >> 8)}.${index & 255}`, `name${index}.efi`);
  expect(logs).toHaveLength(100);
  for (let index = 0; index < 2_000; index += 1) ask('10.77.0.61', 'autoexec.ipxe');
  expect(logs).toHaveLength(120);
  ask(NODE, 'pxelinux.0');
  expect(logs.at(-1)).toMatchObject({ node: 'n1', text: 'pxelinux.0 from 10.77.0.35: no such file' });
  engine.advance(60_000);
  ask('10.77.0.60', 'grubx64.efi');
  expect(logs.at(-1)?.text).toBe(
    'grubx64.efi from 10.77.0.60, which is no machine that is known: no such file (1920 more requests for names that are not served not told)',
  );
});

test('who asks anew from one port takes the room of one, however late the old ends are told; of many only some begin', () => {
  const { desk, ask, running, broken, engine } = start();
  ask(NODE);
  const began = (index: number) => running[index]?.began(1000);
  began(0);
  running[0]?.moved(0);
  ask(NODE, 'snponly.efi', true);
  expect(running).toHaveLength(1);
  engine.advance(1000);
  for (let index = 0; index < 100; index += 1) ask(NODE, ['ipxe.efi', 'snponly.efi'][index % 2], true);
  expect(running).toHaveLength(11);
  expect(broken).toEqual(
    Array.from({ length: 10 }, () => 'the machine asks anew from the same port, and is answered anew, replaced'),
  );
  expect(desk.active()).toBe(1);
  const told = engine.events.length;
  began(1);
  running[0]?.moved(900);
  running[0]?.refused(0, 'the file cannot be served now');
  for (const one of running.slice(0, 10)) one.ended({ is: 'replaced', reason: 'anew', resent: 0, ackedBytes: 0 });
  expect(engine.events.slice(told)).toEqual([]);
  expect(desk.active()).toBe(1);
  began(10);
  expect(engine.events.at(-1)).toMatchObject({ type: 'loader.requested' });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ServiceState } from '../../src/core/event.ts';
import { endCommand, mustRun, runCommand } from '../firmware/run-command.ts';
import { BUNDLE, run } from './run-program.ts';

/** After a power loss this host is up before the switch: networks come when they come, and are served then. */

const SERVER = `cls${process.pid % 10_000}`;
const CLIENT = `clc${process.pid % 10_000}`;
const MACS = ['52:54:00:98:00:01', '52:54:00:98:00:02'];
const WAIT = { timeout: 60_000, interval: 200 };
const works = process.getuid?.() === 0 && (await runCommand('ip', ['netns', 'add', SERVER])).code === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

const folder = mkdtempSync(join(tmpdir(), 'crashcart-late-'));
const inServer = (...args: string[]) => mustRun('ip', ['-n', SERVER, ...args]);
const inClient = (...args: string[]) => mustRun('ip', ['-n', CLIENT, ...args]);
const execIn = (name: string, ...args: string[]) => runCommand('ip', ['netns', 'exec', name, ...args]);

/** The cable alone: s0 or s1 to c0 or c1, without an address of ours. */
async function plug(n: number): Promise<void> {
  const ends = [`s${n}`, 'netns', SERVER, 'type', 'veth', 'peer', 'name', `c${n}`, 'netns', CLIENT];
  await mustRun('ip', ['link', 'add', ...ends]);
  await inServer('link', 'set', `s${n}`, 'up');
  await inClient('addr', 'add', `10.9.${n}.66/24`, 'dev', `c${n}`);
  await inClient('link', 'set', `c${n}`, 'address', MACS[n] ?? '', 'up');
}

const address = (n: number, prefix = 24) => inServer('addr', 'add', `10.9.${n}.1/${prefix}`, 'dev', `s${n}`);

beforeAll(async () => {
  mkdirSync(join(folder, 'inventory'));
  for (const [n, mac] of MACS.entries()) writeFileSync(join(folder, 'inventory', `n${n}.yaml`), `macs: ["${mac}"]\n`);
  if (!works) return;
  await mustRun('ip', ['netns', 'add', CLIENT]);
  await inServer('link', 'set', 'lo', 'up');
});
let child: ChildProcess | undefined;
let said = '';
afterEach(async () => {
  if (child !== undefined) await endCommand(child);
  for (const n of [0, 1]) await runCommand('ip', ['-n', SERVER, 'link', 'del', `s${n}`]);
});
afterAll(async () => {
  for (const name of [SERVER, CLIENT]) await runCommand('ip', ['netns', 'del', name]);
  rmSync(folder, { recursive: true, force: true });
});

const net = (n: number, own: string) =>
  `  - { interface: s${n}, ${own}subnet: 10.9.${n}.0/24, pool: 10.9.${n}.100-10.9.${n}.110, dhcp: authoritative }\n`;
const site = (...nets: readonly string[]) =>
  writeFileSync(join(folder, 'inventory', '_site.yaml'), `site: t\nnetworks:\n${nets.join('')}`);
const serveArgs = (state: string) => [process.execPath, BUNDLE, 'serve', '--state', join(folder, state)];

async function serve(state: string): Promise<void> {
  said = '';
  const ours = spawn('ip', ['netns', 'exec', SERVER, ...serveArgs(state)], { cwd: folder });
  child = ours;
  for (const stream of [ours.stdout, ours.stderr])
    stream.on('data', (bytes) => {
      said += String(bytes);
    });
  await vi.waitFor(() => expect(said).toContain('"text":"ready"'), WAIT);
}

async function services(state: string): Promise<Readonly<Record<string, ServiceState>>> {
  const { out } = await run(['status', '--json', '--socket', join(folder, state, 'control.sock')]);
  return (JSON.parse(out) as { services: Readonly<Record<string, ServiceState>> }).services;
}

/** From whom a system at the other end of a cable gets its address. */
async function leasedBy(n: number): Promise<string | undefined> {
  const asked = ['udhcpc', '-f', '-n', '-q', '-t', '2', '-T', '1', '-i', `c${n}`, '-s', '/bin/true'];
  const { err } = await execIn(CLIENT, ...asked);
  return /obtained from ([\d.]+)/.exec(err)?.[1];
}

const httpStatus = async (n: number) =>
  (await execIn(CLIENT, 'curl', '-sS', '-m', '5', '-o', '/dev/null', '-w', '%{http_code}', `http://10.9.${n}.1/none`))
    .out;

const OTHERS = ['proxyDHCP', 'TFTP', 'HTTP', 'events', 'kernel log'];
const EVERY = ['DHCP', ...OTHERS];
const warned = (names: readonly string[], warning: string) =>
  Object.fromEntries(names.map((name) => [name, { is: 'ok', listens: '', warning }]));
const atAll = (...nets: readonly number[]) =>
  Object.fromEntries(
    EVERY.map((name) => [
      name,
      { is: 'ok', listens: expect.stringMatching(new RegExp(nets.map((n) => `10\\.9\\.${n}\\.1:\\d+`).join(', '))) },
    ]),
  );
const NOT_THERE = (n: number, others: string) =>
  `interface s${n} is not there, machines of 10.9.${n}.0/24 are not served until it comes; this machine has ${others}`;

describeHere('a network that is not there when the program starts', { timeout: 240_000 }, () => {
  test.each([
    ['whose address the site names', 'address: 10.9.0.1, ', 'named'],
    ['whose address is that of its interface', '', 'own'],
  ])('and is the only one, %s, is told of, and served when it comes', async (_name, own, state) => {
    site(net(0, own));
    await serve(state);
    expect(await services(state)).toMatchObject({
      ...warned(['DHCP'], NOT_THERE(0, 'none but lo')),
      ...warned(OTHERS, 'at no address yet; DHCP says why'),
      radar: { is: 'off', why: expect.stringContaining('there is no interface s0') },
    });
    expect(said).toContain(`"text":"DHCP: ${NOT_THERE(0, 'none but lo')}"`);
    await plug(0);
    await address(0);
    await vi.waitFor(async () => expect(await services(state)).toMatchObject(atAll(0)), WAIT);
    await vi.waitFor(async () => expect(await leasedBy(0)).toBe('10.9.0.1'), WAIT);
    expect(await httpStatus(0)).toBe('404');
    const healed = await services(state);
    for (const name of EVERY) expect(healed[name]).not.toHaveProperty('warning');
    expect(healed['radar']).toMatchObject({ is: 'ok', listens: 's0:68' });
  });

  test('keeps no other from being served, is told of once, and what it lacks as long as it does', async () => {
    site(net(0, 'address: 10.9.0.1, '), net(1, 'address: 10.9.1.1, '));
    await plug(1);
    await address(1);
    await serve('beside');
    const before = await services('beside');
    expect(before).toMatchObject({ ...atAll(1), DHCP: { warning: NOT_THERE(0, 's1') } });
    for (const name of OTHERS) expect(before[name]).not.toHaveProperty('warning');
    expect(await leasedBy(1)).toBe('10.9.1.1');
    expect(await httpStatus(1)).toBe('404');
    await plug(0);
    await vi.waitFor(
      async () =>
        expect(await services('beside')).toMatchObject({
          DHCP: {
            warning:
              's0 does not have the address 10.9.0.1, machines of 10.9.0.0/24 are not served: ip addr add 10.9.0.1/24 dev s0',
          },
        }),
      WAIT,
    );
    await address(0);
    await vi.waitFor(async () => expect(await services('beside')).toMatchObject(atAll(1, 0)), WAIT);
    await vi.waitFor(async () => expect(await leasedBy(0)).toBe('10.9.0.1'), WAIT);
    expect(await leasedBy(1)).toBe('10.9.1.1');
    expect((await services('beside'))['DHCP']).not.toHaveProperty('warning');
  });

  test('reaches us by a relay at an address that comes later, as does who looks at the metrics', async () => {
    writeFileSync(
      join(folder, 'inventory', '_site.yaml'),
      `site: t
networks: [{ relay: 10.20.0.1, address: 10.9.0.1, subnet: 10.20.0.0/24, pool: 10.20.0.100-10.20.0.110, dhcp: authoritative }]
metrics: 10.9.0.1:9470
`,
    );
    await plug(0);
    await serve('relayed');
    expect(await services('relayed')).toMatchObject({
      ...warned(
        ['DHCP'],
        '10.9.0.1 is no address of this machine, machines behind the relay 10.20.0.1 are not served: give it to an interface, or correct address: in _site.yaml',
      ),
      ...warned(OTHERS, 'at no address yet; DHCP says why'),
      ...warned(
        ['metrics'],
        'at no address yet: 10.9.0.1 is no address of this machine; give it to an interface, or correct `metrics:` in _site.yaml',
      ),
    });
    await address(0);
    await vi.waitFor(
      async () =>
        expect(await services('relayed')).toMatchObject({
          ...atAll(0),
          metrics: { is: 'ok', listens: '10.9.0.1:9470' },
        }),
      WAIT,
    );
    const healed = await services('relayed');
    for (const name of [...EVERY, 'metrics']) expect(healed[name]).not.toHaveProperty('warning');
  });

  test('its address on another interface does not make it heard there', async () => {
    site(net(0, 'address: 10.9.0.1, '));
    await plug(1);
    await inServer('addr', 'add', '10.9.0.1/24', 'dev', 's1');
    await serve('elsewhere');
    expect(await services('elsewhere')).toMatchObject(warned(['DHCP'], NOT_THERE(0, 's1')));
    expect(await leasedBy(1)).toBeUndefined();
  });

  test.each([
    ['at the server that gives addresses', 'authoritative', ['DHCP']],
    ['at those that serve files, where none does', 'off', ['TFTP', 'HTTP', 'events', 'kernel log']],
  ] as const)(
    'an interface that reaches a part of it alone is told %s, as long as it does',
    async (_name, dhcp, names) => {
      site(net(0, 'address: 10.9.0.1, ').replace('authoritative', dhcp));
      await plug(0);
      await address(0, 28);
      await serve(`narrow-${dhcp}`);
      const warning =
        's0 has 10.9.0.1/28 and the network is 10.9.0.0/24: machines outside of 10.9.0.0/28 are not reached by it, and get no boot files: ip addr replace 10.9.0.1/24 dev s0, or correct subnet: in _site.yaml';
      const before = await services(`narrow-${dhcp}`);
      expect(Object.keys(before).filter((name) => before[name]?.is === 'ok' && 'warning' in before[name])).toEqual(
        names,
      );
      for (const name of names) expect(before[name]).toMatchObject({ is: 'ok', warning });
      expect(said).toContain(`"text":"${names[0]}: ${warning}"`);
      // As the sentence says it.
      await inServer('addr', 'replace', '10.9.0.1/24', 'dev', 's0');
      await vi.waitFor(async () => {
        const healed = await services(`narrow-${dhcp}`);
        for (const name of names) expect(healed[name]).not.toHaveProperty('warning');
      }, WAIT);
      expect(await httpStatus(0)).toBe('404');
      for (const prefix of [28, 24]) await inServer('addr', 'del', `10.9.0.1/${prefix}`, 'dev', 's0');
      await address(0, 25);
      await vi.waitFor(
        async () =>
          expect((await services(`narrow-${dhcp}`))[names[0]]).toMatchObject({
            warning: expect.stringContaining('machines outside of 10.9.0.0/25 are not reached by it'),
          }),
        WAIT,
      );
    },
  );

  test('that goes out of the file with its address leaves no socket, and is served when it is back', async () => {
    const both = [net(0, 'address: 10.9.0.1, '), net(1, 'address: 10.9.1.1, ')];
    site(...both);
    for (const n of [0, 1]) await plug(n);
    for (const n of [0, 1]) await address(n);
    await serve('leaves');
    expect(await services('leaves')).toMatchObject(atAll(0, 1));
    expect(await httpStatus(0)).toBe('404');
    site(net(1, 'address: 10.9.1.1, '));
    await inServer('addr', 'del', '10.9.0.1/24', 'dev', 's0');
    await vi.waitFor(async () => {
      const now = await services('leaves');
      for (const name of EVERY)
        expect(now[name]).toEqual({ is: 'ok', listens: expect.not.stringContaining('10.9.0.') });
    }, WAIT);
    expect(await services('leaves')).toMatchObject(atAll(1));
    const { out } = await execIn(SERVER, 'ss', '-lntuH');
    expect(out).toContain('10.9.1.1:');
    expect(out).not.toContain('10.9.0.1:');
    expect(out).not.toContain('%s0:67');
    site(...both);
    await address(0);
    await vi.waitFor(async () => expect(await services('leaves')).toMatchObject(atAll(1, 0)), WAIT);
    for (const n of [0, 1]) await vi.waitFor(async () => expect(await leasedBy(n)).toBe(`10.9.${n}.1`), WAIT);
    for (const n of [0, 1]) expect(await httpStatus(n)).toBe('404');
  });

  test.each([
    ['UDP', 'DHCP', '10.9.1.1', 67, 'SOCK_DGRAM'],
    ['TCP', 'HTTP', '10.9.1.1', 80, 'SOCK_STREAM'],
  ])(
    'hides no %s port of a network that is there and that another program has',
    async (kind, service, at, port, type) => {
      site(net(0, 'address: 10.9.0.1, '), net(1, 'address: 10.9.1.1, '));
      await plug(1);
      await address(1);
      const hold = `import socket,time
s=socket.socket(socket.AF_INET,socket.${type}); s.bind(("${at}",${port}))
if "${kind}"=="TCP": s.listen()
print("held",flush=True); time.sleep(60)`;
      const holder = spawn('ip', ['netns', 'exec', SERVER, 'python3', '-c', hold]);
      try {
        await new Promise((resolve) => holder.stdout.once('data', resolve));
        const { code, err } = await runCommand('ip', ['netns', 'exec', SERVER, ...serveArgs(`taken${port}`)], {
          cwd: folder,
        });
        expect(err).toMatch(new RegExp(`${service}: ${kind} [\\d.]+:${port} is taken by another program`));
        expect(code).toBe(3);
      } finally {
        holder.kill('SIGKILL');
      }
    },
  );
});

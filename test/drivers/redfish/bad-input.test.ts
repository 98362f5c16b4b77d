import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { BmcPort } from '../../../src/core/bmc.ts';
import type { SimFaults } from '../../../src/sim/bmc/faults.ts';
import { PERSONALITIES } from '../../../src/sim/bmc/personalities.ts';
import { mutateJson } from './mutate-json.ts';
import { benchOfTest } from './open-bench.ts';
import { fastTimings, problemOf } from './sim-port.ts';

const open = benchOfTest();

const operations: readonly (readonly [string, (port: BmcPort) => Promise<{ ok: boolean }>])[] = [
  ['readPower', (port) => port.readPower()],
  ['readIdentity', (port) => port.readIdentity()],
  ['readOverride', (port) => port.readOverride()],
  ['overrideOnce', (port) => port.overrideOnce('pxe', 'uefi', true)],
  ['clearOverride', (port) => port.clearOverride()],
  ['readLog', (port) => port.readLog(5)],
  ['setLocate', (port) => port.setLocate(true)],
  ['insertMedia', (port) => port.insertMedia('http://127.0.0.1/x.iso')],
  ['readBootProgress', (port) => port.readBootProgress()],
  ['setPower', (port) => port.setPower('on')],
];

describe('an answer that no sane BMC gives', () => {
  const cases: readonly (readonly [string, SimFaults, readonly string[]])[] = [
    ['a page of HTML for everything', { html: true }, ['garbage']],
    ['50 MB of blanks', { hugeBody: true }, ['tooLarge']],
    ['a flood of headers', { headerFlood: true }, ['tooLarge']],
    ['one byte at a time', { slowLoris: true }, ['timeout']],
    ['a collection without an end', { endlessPages: true }, ['garbage', 'noSystem', 'timeout']],
    ['a list where an object belongs', { wrongShapes: (json) => [json] }, ['garbage']],
    ['null for everything', { wrongShapes: () => null }, ['garbage']],
    ['an empty object for everything', { wrongShapes: () => ({}) }, ['garbage', 'noSystem', 'unsupported']],
    [
      'a power state that is a number',
      { wrongShapes: (json) => ({ ...(json as object), PowerState: 7 }) },
      ['garbage'],
    ],
  ];

  test.each(cases)('%s ends soon, in words, and in bounded memory', async (_, faults, codes) => {
    // Only who never gets done is waited for: on a busy machine 50 MB take a while.
    const requestMs = faults.slowLoris ? 500 : 15_000;
    const { port, sim } = await open({ personality: 'dell-idrac9-6' }, { timings: { ...fastTimings, requestMs } });
    sim.setFaults(faults);
    const before = process.memoryUsage().rss;
    const problem = await problemOf(port.readPower());
    expect(codes).toContain(problem.code);
    expect(problem.message).toMatch(/^127\.0\.0\.1:\d+ .*\w/);
    expect(problem.advice).not.toBe('');
    // The simulator that pours the 50 MB lives in this process too.
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    sim.setFaults({});
  });

  test('a redirect to another origin is not followed, and nothing is sent there', async () => {
    let visits = 0;
    const other = createHttp((_, response) => {
      visits += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { port, sim } = await open({ personality: 'openbmc', faults: { redirectElsewhere: elsewhere } });
    const problem = await problemOf(port.readPower());
    expect(problem).toMatchObject({ code: 'garbage' });
    expect(problem.message).toContain(elsewhere);
    expect(visits).toBe(0);
    sim.setFaults({ redirectElsewhere: '' });
    expect((await problemOf(port.readPower())).message).toMatch(/in a circle/);
    sim.setFaults({});
    other.close();
  });

  test.each([
    ['nothing listens', '', 'unreachable'],
    ['something else than HTTP answers', 'SSH-2.0-OpenSSH_9.2\r\n', 'garbage'],
  ] as const)('where %s the reason says so', async (_, greeting, code) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(greeting);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    if (greeting === '') await new Promise((resolve) => server.close(resolve));
    const { drivers, target } = await open({ personality: 'openbmc' });
    const port = drivers.openBmc({ ...target, spec: { ...target.spec, url } });
    expect(await problemOf(port.readPower())).toMatchObject({ code });
    server.close();
  });

  test.each([
    ['not an address', 'unsupported'],
    ['ftp://10.0.0.1', 'unsupported'],
    ['https://root:calvin@10.0.0.1', 'unsupported'],
  ])('the address "%s" is a problem to read, not an exception', async (url, code) => {
    const { drivers, target } = await open({ personality: 'openbmc' });
    const port = drivers.openBmc({ ...target, spec: { ...target.spec, url } });
    for (const [, run] of operations) expect(await run(port)).toMatchObject({ ok: false, error: { code } });
    await port.close();
  });
});

describe('JSON of the wrong shape', () => {
  test.each(PERSONALITIES.map((one, index) => [one.name, index + 1] as const))(
    'at any level gives a value or a reason, never an exception (%s)',
    async (personality, seed) => {
      const timings = {
        ...fastTimings,
        busyMs: 60,
        readBackMs: 10,
        powerWaitMs: 30,
        readMs: 150,
        inventoryMs: 300,
        mediaSettleMs: 1,
      };
      const { port, sim, drivers, target } = await open({ personality, index: seed }, { timings });
      // As impatient as this it may miss its first answer on a busy machine.
      while (!(await port.readPower()).ok) sim.setFaults({});
      let broken = 0;
      for (let round = 0; round < 12; round += 1) {
        const random = mutateJson(seed * 1_000 + round);
        sim.setFaults({ wrongShapes: random });
        // A port that knows its BMC, and one that meets it like this.
        for (const one of [port, drivers.openBmc(target)]) {
          const [name, run] = operations[(round + (one === port ? 0 : 5)) % operations.length] ?? [
            'readPower',
            (p: BmcPort) => p.readPower(),
          ];
          const result = (await run(one)) as { ok: boolean; error?: { code: string; message: string } };
          if (result.ok) continue;
          broken += 1;
          expect(result.error?.message, `${name} in round ${round}`).toMatch(/127\.0\.0\.1/);
        }
      }
      expect(broken).toBeGreaterThan(0);
      sim.setFaults({});
    },
  );
});

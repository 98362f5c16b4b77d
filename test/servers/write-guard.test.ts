import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { fail, ok, type Result } from '../../src/core/result.ts';
import { createWriteHold } from '../../src/servers/write-hold.ts';
import {
  arm,
  createTestEngine,
  nodeSpec,
  planOf,
  renderedOf,
  sha256,
  subnet,
  uuidOf,
} from '../netboot/boot-fixture.ts';
import { attemptPath } from './attempt-path.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { type HttpGot, httpGet } from './sim-machine.ts';

/**
 * What lets a machine write leaves when its note is on disk and not before: after a crash in between it would go out once
 * more, to a machine that is installed by then.
 */

const MAC = '52:54:00:00:00:01';
const HOME = '127.77.0.50';
const TEMPLATE = '#!ipxe\nkernel http://10.0.0.9/disk-writer host={node} {base}/t/{token}/kernel\nboot\n';
const FULL = 'no space left on device';
const NOT_SAVING = `not saving (${FULL}): what lets it write and is not noted does not go out`;
const by = { user: 'ada', from: 'tty1' };

let disk: ((result: Result<void>) => void)[] = [];
let stack: BootStack;
beforeEach(async () => {
  disk = [];
  const whenStored = () => new Promise<Result<void>>((settle) => disk.push(settle));
  const networks = [subnet({ subnet: '127.77.0.0/24' })];
  stack = await startBootStack({ nodes: [nodeSpec('n1', MAC)], networks, whenStored });
});
afterEach(async () => stack.stop());

const emit = (...events: readonly EventBody[]): void => {
  for (const event of events) stack.engine.emit(event);
};
const n1 = () => nodeOf(stack.engine.fleet(), 'n1') ?? expect.fail('no n1');
const waits = () => vi.waitFor(() => expect(disk).toHaveLength(1));
const stored = (result: Result<void> = ok(undefined)): void => {
  for (const settle of disk.splice(0)) settle(result);
};
const told = (type: EventBody['type']) => stack.engine.events.filter((event) => event.type === type);

function boots(): void {
  const until = stack.engine.now() + 60_000;
  emit({ type: 'lease.granted', mac: MAC, address: HOME, until, node: 'n1' });
  emit({ type: 'dhcp.ipxeAsked', node: 'n1', mac: MAC, address: HOME, xid: 5 });
}

function armOwn(): void {
  const change = {
    foreign: true,
    profile: 'own',
    configChecked: false,
    kernelArgs: [],
    templateHash: sha256(TEMPLATE),
  } as const;
  const { configHash: _none, ...own } = planOf('reinstall', stack.images, change);
  arm(stack.engine, 'n1', 'reinstall', own);
  const rendered = renderedOf('n1', own, { template: TEMPLATE });
  stack.render({ of: (name) => (name === 'n1' ? rendered : undefined) });
  boots();
}

function armTalos(kind: 'install' | 'reinstall' | 'inspect'): void {
  stack.render(arm(stack.engine, 'n1', kind, planOf(kind, stack.images)));
  boots();
}

/** An installer of another system, with its kernel and initramfs. */
function armForeign(): void {
  const change = { foreign: true, profile: 'debian', configChecked: false, kernelArgs: ['quiet'] } as const;
  const { version: _talos, configHash: _none, ...plain } = planOf('reinstall', stack.images, change);
  stack.render(arm(stack.engine, 'n1', 'reinstall', plain));
  boots();
}

const get = (path: string, more = {}): Promise<HttpGot> =>
  httpGet(`http://127.0.0.1:${stack.ports.http}${path}`, HOME, more, 'GET');
const askScript = () => get(`/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`);
const said = async (got: Promise<HttpGot>): Promise<string> => {
  const { status, body } = await got;
  const text = body.toString();
  if (status !== 200) return `${status} ${text.trim()}`;
  if (text.includes('disk-writer')) return 'the script';
  return /boot the local disk\n(?:.*echo )?(.*)\n/.exec(text)?.[1] ?? text;
};
const isOpen = async (got: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([got, new Promise((later) => setTimeout(later, 60, 'open'))])) === 'open';

test.each<readonly [string, () => void, RegExp, number]>([
  ['an own script', armOwn, /disk-writer/, 1],
  ['a wipe', () => armTalos('reinstall'), /talos\.experimental\.wipe=system/, 1],
  ['an install', () => armTalos('install'), /talos\.halt_if_installed=1/, 0],
  ['the installer of another system', armForeign, /kernel .* quiet/, 0],
])('%s goes out when it is noted on disk, and not before', async (_name, armIt, script, toldAs) => {
  armIt();
  const got = askScript();
  await waits();
  expect(told('http.scriptAsked')).toHaveLength(1);
  expect(await isOpen(got)).toBe(true);
  expect(told('http.answerSent')).toEqual([]);
  expect(n1().job?.leavingAt !== undefined).toBe(toldAs === 1);
  stored();
  const { status, body } = await got;
  expect([status, body.toString()]).toEqual([200, expect.stringMatching(script)]);
  expect(told('http.answerWithheld')).toEqual([]);
  // What goes out once in its job is told to have left: a crash before that leaves it unsure.
  expect(told('http.answerSent')).toHaveLength(toldAs);
  expect(n1().job?.leavingAt).toBeUndefined();
});

test.each<readonly [string, () => void, string]>([
  ['a script that looks only', () => armTalos('inspect'), 'inspect'],
  ['being sent to the disk', boots, 'boot the local disk'],
])('%s waits for no disk', async (_name, armIt, words) => {
  armIt();
  const { status, body } = await askScript();
  expect([status, body.toString()]).toEqual([200, expect.stringContaining(words)]);
  expect(disk).toEqual([]);
});

describe('where it cannot be noted', () => {
  test.each([
    ['an own script', armOwn],
    ['a wipe', () => armTalos('reinstall')],
    ['an install', () => armTalos('install')],
  ])(
    '%s does not go out: its iPXE is refused, tries again as often as its script says, and gets it once it can be',
    async (_name, armIt) => {
      armIt();
      const { job } = n1();
      const got = askScript();
      await waits();
      stored(fail(FULL));
      expect(await said(got)).toBe(`503 ${NOT_SAVING}`);
      // iPXE obeys that for ever, and would never go on to its disk.
      expect((await got).headers['retry-after']).toBeUndefined();
      expect(n1()).toMatchObject({
        job: job ?? {},
        phase: { is: 'script', answer: 'local', reason: NOT_SAVING },
        health: { is: 'stalled', code: 'NOT_NOTED', detail: NOT_SAVING },
      });
      expect(n1().job).toEqual(job);
      expect(stack.logs).toContainEqual(
        expect.objectContaining({ level: 'warn', text: expect.stringContaining(NOT_SAVING) }),
      );
      stack.engine.advance(1_000);
      const again = askScript();
      await waits();
      stored();
      expect((await again).status).toBe(200);
      expect(n1()).toMatchObject({ health: { is: 'ok' }, phase: { is: 'script' }, job: { attempts: 1 } });
      expect(n1().phase).not.toMatchObject({ answer: 'local' });
    },
  );

  test('an own script that went out before in this boot stays spent', async () => {
    armOwn();
    const first = askScript();
    await waits();
    stored();
    expect(await said(first)).toBe('the script');
    const second = askScript();
    await waits();
    stored(fail(FULL));
    expect(await said(second)).toBe(`503 ${NOT_SAVING}`);
    expect(n1().job?.spentAt).toBeDefined();
    stack.engine.advance(21_000);
    expect(await said(askScript())).toBe('its own script went out, and does so once');
  });
});

describe('what was decided before the disk had it is decided again', () => {
  const rearm = (): void => {
    emit({ type: 'operator.cancelled', node: 'n1', by });
    const { plan } =
      told('operator.armed').map((event) => event as Extract<EventBody, { type: 'operator.armed' }>)[0] ??
      expect.fail();
    const expiresAt = stack.engine.now() + 60_000;
    emit({ type: 'operator.armed', node: 'n1', job: 'job-2', kind: 'reinstall', plan, confirmed: 'n1', expiresAt, by });
    emit({ type: 'job.stored', node: 'n1', job: 'job-2' });
  };
  test.each<readonly [string, () => void, RegExp]>([
    ['cancelled', () => emit({ type: 'operator.cancelled', node: 'n1', by }), /^not armed/],
    ['put on hold', () => emit({ type: 'operator.held', node: 'n1', why: 'DIMM', by }), /^on hold: DIMM/],
    ['stopped by PANIC', () => emit({ type: 'site.panicSwitched', on: true, by }), /^the panic key/],
    ['protected', () => emit({ type: 'operator.protected', node: 'n1', by }), /protected/],
    [
      'about to be switched',
      () => emit({ type: 'bmc.powerAsked', node: 'n1', job: 'job-n1', action: 'cycle' }),
      /: wait/,
    ],
    ['gone from the inventory', () => stack.engine.load([]), /unknown machine|only noted/],
    ['another plan', () => stack.render({ of: () => undefined }), /cannot be made again/],
    [
      'at a lease that ended',
      () => emit({ type: 'lease.ended', mac: MAC, address: HOME, why: 'expired' }),
      /^403 .*no lease/,
    ],
    [
      'in its next boot',
      () =>
        emit({
          type: 'dhcp.firmwareAsked',
          node: 'n1',
          mac: MAC,
          arch: 7,
          firmware: 'uefi',
          xid: 9,
          secs: 0,
          reason: '',
        }),
      /^503 it began another boot/,
    ],
    ['armed anew', rearm, /^503 /],
  ])('and does not go out once it is %s', async (_name, meanwhile, words) => {
    armOwn();
    const got = askScript();
    await waits();
    meanwhile();
    stored();
    expect(await said(got)).toMatch(words);
    expect(n1IfThere()?.job?.spentAt).toBeUndefined();
  });
  const n1IfThere = () => nodeOf(stack.engine.fleet(), 'n1');

  test('nor does a wipe, whose argument is still to go out when PANIC ends', async () => {
    armTalos('reinstall');
    const got = askScript();
    await waits();
    emit({ type: 'site.panicSwitched', on: true, by });
    stored();
    expect(await said(got)).toMatch(/^the panic key/);
    expect(n1().job?.wipeSentAt).toBeUndefined();
  });
});

test('who asks again while it is being noted is told to ask again, and gets one', async () => {
  armOwn();
  const first = askScript();
  await waits();
  expect(await said(askScript())).toBe('503 the same is being noted for it just now; ask again');
  stored();
  expect(await said(first)).toBe('the script');
});

test('a machine that goes away meanwhile may have had it: the same boot gets it again, and no other', async () => {
  armOwn();
  const socket = connect({ port: stack.ports.http, host: '127.0.0.1', localAddress: HOME });
  socket.write(`GET /s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1 HTTP/1.1\r\nHost: h\r\n\r\n`);
  await waits();
  socket.resetAndDestroy();
  await once(socket, 'close');
  stored();
  await vi.waitFor(() => expect(n1().job?.spentAt).toBeDefined());
  const again = askScript();
  await waits();
  stored();
  expect(await said(again)).toBe('the script');
  stack.engine.advance(21_000);
  expect(await said(askScript())).toBe('its own script went out, and does so once');
});

test('a server that stops meanwhile sends nothing, and spends nothing', async () => {
  armOwn();
  const { job } = n1();
  const got = said(askScript()).catch(() => 'cut');
  await waits();
  const restarted = stack.restartHttp();
  stored();
  await restarted;
  expect(await got).toMatch(/^(cut|503 the HTTP server was stopped)$/);
  await new Promise((turn) => setTimeout(turn, 20));
  expect(stack.logs.filter(({ text }) => text.includes('script: install'))).toEqual([]);
  expect(n1().job).toEqual(job);
  expect(told('http.answerWithheld')).toHaveLength(1);
  const again = askScript();
  await waits();
  stored();
  expect(await said(again)).toBe('the script');
});

describe('of the installer of another system', () => {
  async function fetchScript(): Promise<string> {
    armForeign();
    const got = askScript();
    await waits();
    stored();
    return attemptPath((await got).body);
  }

  test('the first image waits for the disk, which is told that it spends the job; the next does not', async () => {
    const folder = await fetchScript();
    const kernel = get(`${folder}/kernel`);
    await waits();
    expect(await isOpen(kernel)).toBe(true);
    stored();
    expect((await kernel).body).toHaveLength(1_000_000);
    expect((await get(`${folder}/initrd`)).status).toBe(200);
    expect(disk).toEqual([]);
  });

  test('it does not go out where that cannot be noted, and spends nothing', async () => {
    const folder = await fetchScript();
    const kernel = get(`${folder}/kernel`);
    await waits();
    stored(fail(FULL));
    expect(await said(kernel)).toBe(`503 ${NOT_SAVING}`);
    expect(n1().attempt?.fetchedAt).toBeUndefined();
    expect(n1().attempt?.answered).toBe('install');
    const again = get(`${folder}/kernel`);
    await waits();
    stored();
    expect((await again).status).toBe(200);
  });

  test('nor where it was cancelled meanwhile, nor a second time meanwhile', async () => {
    const folder = await fetchScript();
    const kernel = get(`${folder}/kernel`);
    await waits();
    expect((await get(`${folder}/kernel`)).status).toBe(503);
    emit({ type: 'operator.cancelled', node: 'n1', by });
    stored();
    expect((await kernel).status).toBe(503);
    expect(told('image.aborted')).toHaveLength(1);
  });
});

test('a disk that lets a rack go at once keeps nobody else waiting', async () => {
  const engine = createTestEngine([]);
  const hold = createWriteHold(engine, async () => ok(undefined));
  let ended = 0;
  for (let n = 0; n < 100; n += 1) {
    const write = { node: `n${n}`, job: 'j', what: 'script', askedAt: 1 } as const;
    hold.add(
      write,
      () => undefined,
      () => {
        ended += 1;
      },
    );
  }
  const most: number[] = [];
  for (let before = 0; ended < 100; before = ended) {
    await new Promise((turn) => setImmediate(turn));
    most.push(ended - before);
  }
  expect(Math.max(...most)).toBeLessThanOrEqual(8);
});

import { describe, expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import type { JobKind } from '../../src/core/job.ts';
import type { RenderedPort } from '../../src/core/ports.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { decideScript, renderScript, type ScriptDecision } from '../../src/netboot/answer-script.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { renderBootstrap, renderTemplate } from '../../src/netboot/boot-scripts.ts';
import { parseIpxe } from '../../src/protocols/ipxe/parse-ipxe.ts';
import {
  ALL_LOADERS,
  arm,
  createTestEngine,
  FAKE_IMAGES,
  NOTHING_RENDERED,
  nodeSpec,
  planOf,
  renderedOf,
  sha256,
  uuidOf,
} from './boot-fixture.ts';

const MAC = '52:54:00:00:00:01';
const BASE = 'http://10.77.0.1';

const QUERY: Readonly<Record<string, string>> = {
  mac: MAC,
  net0: MAC,
  uuid: uuidOf(MAC),
  serial: 'SN-n1',
  product: 'Lab 1',
  buildarch: 'x86_64',
  platform: 'efi',
};

function setup(spec: Partial<NodeSpec> = {}, artefacts = ALL_LOADERS) {
  const engine = createTestEngine([nodeSpec('n1', MAC, spec), nodeSpec('n2', '52:54:00:00:00:02')]);
  const tokens = createTokenBook(Buffer.from('secret'));
  const view = (rendered: RenderedPort) => ({
    fleet: engine.fleet(),
    at: engine.now(),
    rendered,
    artefacts,
  });
  /** Decide, emit, write out: as the server does it. */
  const ask = (
    rendered: RenderedPort,
    query: Readonly<Record<string, string>> = QUERY,
  ): { decision: ScriptDecision; script: string } => {
    const decision = decideScript(view(rendered), new Map(Object.entries(query)), '10.77.0.50', BASE);
    if (decision.event !== undefined) engine.emit(decision.event);
    const node = decision.node === undefined ? undefined : nodeOf(engine.fleet(), decision.node);
    const script = renderScript(view(rendered), decision, BASE, node === undefined ? undefined : tokens.tokenOf(node));
    if (!script.ok) throw new Error(script.error);
    // What was tried before the token was known says the same as what is written out with it.
    const { tried: _tried, ...untried } = decision;
    const anew = renderScript(view(rendered), untried, BASE, node === undefined ? undefined : tokens.tokenOf(node));
    expect(anew).toEqual(script);
    return { decision, script: script.value };
  };
  return { engine, ask };
}

const withoutToken = (script: string) => script.replace(/\/t\/[a-z2-7]{32}\//g, '/t/TOKEN/');

describe('boot scripts', () => {
  const JOBS: readonly JobKind[] = ['install', 'reinstall', 'wipe', 'inspect', 'rescue'];
  test.each(JOBS)('the script of a job: %s', async (kind) => {
    const { engine, ask } = setup();
    const { script } = ask(arm(engine, 'n1', kind));
    await expect(withoutToken(script)).toMatchFileSnapshot(`golden/script-${kind}.ipxe`);
    expect(parseIpxe(script).ok).toBe(true);
  });

  const LOCAL: readonly (readonly [string, Partial<NodeSpec>, string])[] = [
    ['exit-uefi', {}, 'efi'],
    ['exit-bios', {}, 'pcbios'],
    ['sanboot', { localBoot: 'sanboot' }, 'pcbios'],
    ['not-found', { localBoot: 'notFound' }, 'efi'],
  ];
  test.each(LOCAL)('a machine that is not armed is sent to its disk: %s', async (name, spec, platform) => {
    const { ask } = setup(spec);
    const { script } = ask(NOTHING_RENDERED, { ...QUERY, platform });
    await expect(script).toMatchFileSnapshot(`golden/script-local-${name}.ipxe`);
  });

  test('the bootstrap asks with every name that iPXE knows', async () => {
    const script = renderBootstrap(BASE);
    await expect(script.ok ? script.value : script.error).toMatchFileSnapshot('golden/script-bootstrap.ipxe');
  });

  test('a stranger is sent on, and booted into maintenance while discovery is on', async () => {
    const { engine, ask } = setup();
    const stranger = { mac: '52:54:00:00:00:99', buildarch: 'x86_64', platform: 'efi' };
    expect(ask(NOTHING_RENDERED, stranger).script).toContain('exit 1');
    const by = { user: 'test', from: 'tty1' };
    engine.emit({ type: 'site.discoverySwitched', until: engine.now() + 60_000, by });
    await expect(ask(NOTHING_RENDERED, stranger).script).toMatchFileSnapshot('golden/script-discover.ipxe');
  });

  const OF_A_JOB = [
    'talos.experimental.wipe=system',
    'talos.config.inline=AAAA',
    'talos.config.early=x',
    'talos.config=x',
  ];

  test('whatever the vault says, a stranger is given neither a wipe nor a configuration', () => {
    const discovery = () => ({
      ...FAKE_IMAGES,
      args: ['talos.platform=metal', ...OF_A_JOB, '"talos.experimental.wipe=x"'],
    });
    const { engine, ask } = setup({}, { ...ALL_LOADERS, discovery });
    engine.emit({ type: 'site.discoverySwitched', until: engine.now() + 60_000, by: { user: 'test', from: 'tty1' } });
    const { script, decision } = ask(NOTHING_RENDERED, {
      mac: '52:54:00:00:00:99',
      buildarch: 'x86_64',
      platform: 'efi',
    });
    expect(decision.answer).toBe('discover');
    expect(script).toContain('talos.platform=metal');
    expect(script).not.toMatch(/wipe|talos\.config/);
  });

  test('what writes nothing starts no Talos that is on a disk either, and says so once', () => {
    for (const kind of ['inspect', 'rescue'] as const) {
      const { engine, ask } = setup();
      const plan = planOf(kind);
      const once = { ...plan, kernelArgs: [...plan.kernelArgs, 'talos.halt_if_installed=1'] };
      for (const one of [plan, once]) {
        const { script } = ask(arm(engine, 'n1', kind, one));
        expect(script.match(/talos\.halt_if_installed=1/g), kind).toHaveLength(1);
      }
    }
  });

  test.each(['inspect', 'rescue'] as const)('whatever its plan says, %s takes no other configuration', (kind) => {
    for (const version of ['v1.13.9', undefined]) {
      const { engine, ask } = setup();
      const { version: _version, ...plan } = planOf(kind);
      const kernelArgs = [...plan.kernelArgs, ...OF_A_JOB.slice(1, 3)];
      const { script } = ask(
        arm(engine, 'n1', kind, { ...plan, kernelArgs, ...(version === undefined ? {} : { version }) }),
      );
      expect(script).toContain('talos.platform=metal');
      expect(script).not.toContain('talos.config.');
    }
  });

  test('a wipe goes out once; the next boot of the same job installs', () => {
    const { engine, ask } = setup();
    const rendered = arm(engine, 'n1', 'reinstall');
    const first = ask(rendered);
    expect(first.script).toContain('talos.experimental.wipe=system');
    expect(first.script).not.toContain('talos.config=');
    engine.emit({ type: 'image.requested', node: 'n1', image: 'kernel', totalBytes: 1 });
    engine.advance(60_000);
    const second = ask(rendered);
    expect(second.script).not.toContain('wipe');
    expect(second.script).toContain('talos.config=');
    expect(second.script).toContain('talos.halt_if_installed=1');
  });

  describe('a boot that our own power order is about to cut', () => {
    const asked = { type: 'bmc.powerAsked', node: 'n1', job: 'job-n1', action: 'cycle' } as const;
    const done = (askedAt: number) =>
      ({ type: 'bmc.resetDone', node: 'n1', job: 'job-n1', action: 'cycle', power: 'on', askedAt }) as const;
    const ipxe = { type: 'dhcp.ipxeAsked', node: 'n1', mac: MAC, address: '10.77.0.50', xid: 5 } as const;
    const discover = {
      type: 'dhcp.firmwareAsked',
      node: 'n1',
      mac: MAC,
      arch: 7,
      firmware: 'uefi',
      xid: 9,
      secs: 0,
      reason: '',
    } as const;
    const problem = { code: 'unreachable', message: 'no way to it', advice: 'look at it' } as const;
    const silent = { code: 'timeout', message: 'no answer', advice: 'look at it', maybeDone: true } as const;

    test('is put off, and the next one wipes', async () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      engine.emit(asked);
      const askedAt = engine.now();
      const cut = ask(rendered);
      await expect(cut.script).toMatchFileSnapshot('golden/script-wait.ipxe');
      expect(cut.decision.event).toMatchObject({ type: 'http.scriptPutOff', node: 'n1' });
      engine.advance(300);
      engine.emit(done(askedAt));
      engine.advance(1_000);
      // The BMC said that it was done, and does it now.
      expect(ask(rendered).decision.answer).toBe('wait');
      expect(nodeOf(engine.fleet(), 'n1')).toMatchObject({ phase: { is: 'powering' }, job: { attempts: 1 } });
      engine.emit(discover);
      expect(ask(rendered).decision.answer).toBe('wipe');
    });

    test('is put off as well where it came to iPXE while the order was under way', () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      engine.emit(asked);
      const askedAt = engine.now();
      engine.advance(500);
      engine.emit(ipxe);
      expect(ask(rendered).decision.answer).toBe('wait');
      engine.emit(done(askedAt));
      engine.advance(1_000);
      expect(ask(rendered).decision.answer).toBe('wait');
      engine.advance(5_000);
      expect(ask(rendered).decision.answer).toBe('wipe');
    });

    test('is put off where the order was given before it was armed', () => {
      const { engine, ask } = setup();
      engine.emit({ type: 'bmc.powerAsked', node: 'n1', action: 'cycle' });
      expect(ask(NOTHING_RENDERED).decision.answer).toBe('local');
      expect(ask(arm(engine, 'n1', 'reinstall')).decision.answer).toBe('wait');
    });

    test('is put off where it writes nothing too: that order would not be given twice', () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'inspect');
      engine.emit(asked);
      expect(ask(rendered).decision.answer).toBe('wait');
    });

    test.each([
      ['the order was never sent', { type: 'bmc.failed', node: 'n1', job: 'job-n1', step: 'power', problem }],
      ['it was broken off before it was sent', { type: 'bmc.overrideCleared', node: 'n1', job: 'job-0' }],
      ['what is off is switched on', { ...asked, action: 'on' }],
    ] as const)('goes on after all where %s', (_name, end) => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      engine.emit(asked);
      engine.emit({ type: 'bmc.failed', node: 'n1', step: 'poll', problem });
      expect(ask(rendered).decision.answer).toBe('wait');
      engine.emit(end);
      expect(ask(rendered).decision.answer).toBe('wipe');
    });

    test('is put off where its BMC fell silent over the order: it may be carried out yet; and then goes on by itself', async () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      engine.emit(asked);
      engine.advance(31_000);
      engine.emit({ type: 'bmc.failed', node: 'n1', job: 'job-n1', step: 'power', problem: silent });
      expect(ask(rendered).decision).toMatchObject({ answer: 'wait', event: { type: 'http.scriptPutOff' } });
      engine.advance(88_000);
      expect(ask(rendered).decision.answer).toBe('wait');
      engine.advance(1_000);
      expect(ask(rendered).decision.answer).toBe('wipe');
    });

    test('is put off where the order was broken off by a cancel, and the machine is armed again', () => {
      const { engine, ask } = setup();
      engine.emit({ ...asked, job: 'job-0' });
      const brokenOff = { code: 'stopped', message: 'stopped', advice: '' } as const;
      engine.emit({ type: 'bmc.failed', node: 'n1', job: 'job-0', step: 'power', problem: brokenOff });
      engine.emit({ type: 'bmc.overrideCleared', node: 'n1', job: 'job-0' });
      const rendered = arm(engine, 'n1', 'reinstall');
      expect(ask(rendered).decision.answer).toBe('wait');
      engine.advance(120_000);
      expect(ask(rendered).decision.answer).toBe('wipe');
    });

    test('is put off for five seconds where its BMC fell silent only after two minutes', () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      engine.emit(asked);
      engine.advance(150_000);
      engine.emit({ type: 'bmc.failed', node: 'n1', job: 'job-n1', step: 'power', problem: silent });
      engine.advance(4_900);
      expect(ask(rendered).decision.answer).toBe('wait');
      engine.advance(100);
      expect(ask(rendered).decision.answer).toBe('wipe');
    });

    test('is put off no longer for what stands beside the order, whatever may be done of that', () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      engine.emit(asked);
      engine.emit({ type: 'bmc.failed', node: 'n1', job: 'job-n1', step: 'insertMedia', problem: silent });
      expect(ask(rendered).decision.answer).toBe('wipe');
    });

    test('is put off just after a reset, whatever else of its BMC failed or was taken back since', () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      engine.emit(asked);
      engine.emit(done(engine.now()));
      engine.emit({ type: 'bmc.failed', node: 'n1', step: 'readLog', problem });
      engine.emit({ type: 'bmc.overrideCleared', node: 'n1', job: 'job-0' });
      expect(ask(rendered).decision.answer).toBe('wait');
    });

    test('waits for no order longer than any order is patient', () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      engine.emit(asked);
      engine.advance(14 * 60_000);
      expect(ask(rendered).decision.answer).toBe('wait');
      engine.advance(60_000);
      expect(ask(rendered).decision.answer).toBe('wipe');
    });

    test('is not called late while it waits for us', () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      engine.emit(asked);
      engine.emit(ipxe);
      for (let polls = 0; polls < 12; polls += 1) {
        engine.advance(3_000);
        expect(ask(rendered).decision.answer).toBe('wait');
        engine.emit({ type: 'clock.ticked' });
      }
      expect(nodeOf(engine.fleet(), 'n1')?.health.is).toBe('ok');
    });

    test('is told once for each reason, and while it goes on asking noted now and then', () => {
      const { engine, ask } = setup();
      const rendered = arm(engine, 'n1', 'reinstall');
      const told = () => engine.events.filter(({ type }) => type === 'http.scriptPutOff').length;
      engine.emit(asked);
      engine.emit(ipxe);
      const askedAt = engine.now();
      for (let polls = 0; polls < 200; polls += 1) {
        engine.advance(300);
        expect(ask(rendered).decision.answer).toBe('wait');
        engine.emit({ type: 'clock.ticked' });
      }
      expect(told()).toBe(1);
      expect(engine.events.filter(({ type }) => type === 'http.scriptAwaited').length).toBeLessThanOrEqual(6);
      const node = nodeOf(engine.fleet(), 'n1');
      expect(node?.health.is).toBe('ok');
      expect(node?.evidence.filter(({ text }) => text.startsWith('boot script'))).toHaveLength(1);
      expect(engine.now() - (node?.seen.lastAt ?? 0)).toBeLessThan(12_000);
      engine.emit(done(askedAt));
      ask(rendered);
      ask(rendered);
      expect(told()).toBe(2);
    });
  });

  const REFUSED: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ['without UUID and serial it is not sure who it is', { uuid: '', serial: '' }, /no UUID, serial/],
    ['with another UUID it is held', { uuid: '11111111-2222-3333-4444-555555555555' }, /it says UUID/],
    ['with the MAC of another machine it is held', { net1: '52:54:00:00:00:02' }, /MAC|several machines/],
    ['on another architecture the plan does not fit', { buildarch: 'arm64' }, /the plan is for amd64/],
  ];
  test.each(REFUSED)('an armed machine gets its disk: %s', (_, change, reason) => {
    const { engine, ask } = setup();
    const { decision, script } = ask(arm(engine, 'n1', 'install'), { ...QUERY, ...change });
    expect(decision.answer).toBe('local');
    expect(decision.reason).toMatch(reason);
    expect(script).toContain('exit 1');
    expect(script).not.toContain('/t/');
  });

  test('a changed configuration is refused at the script already', () => {
    const { engine, ask } = setup();
    arm(engine, 'n1', 'install');
    const changed = renderedOf('n1', planOf('install'), { configText: 'version: v1alpha1\nother: true\n' });
    const { decision } = ask({ of: () => changed });
    expect([decision.answer, decision.reason]).toEqual([
      'local',
      'the machine configuration changed after it was confirmed; cancel its job and arm it again',
    ]);
  });

  test('both byte orders of the UUID are one machine', () => {
    const { engine, ask } = setup();
    const swapped = uuidOf(MAC).replace(/^(..)(..)(..)(..)-(..)(..)-(..)(..)/, '$4$3$2$1-$6$5-$8$7');
    expect(ask(arm(engine, 'n1', 'install'), { ...QUERY, uuid: swapped, serial: '' }).decision.answer).toBe('install');
  });

  test('hostile values reach neither script nor event as commands', () => {
    const { engine, ask } = setup();
    const rendered = arm(engine, 'n1', 'install');
    const evil = 'x\nsanboot --drive 0x80 || \u001b[31m$' + '{net0/mac}';
    const { script } = ask(rendered, { ...QUERY, asset: evil, manufacturer: evil, product: evil });
    expect(script).not.toContain('sanboot');
    expect(JSON.stringify(engine.events.at(-1))).not.toMatch(/\\n|\\u001b/);
  });

  test('a reason with a line break in it stays one line', () => {
    const { engine, ask } = setup();
    engine.emit({
      type: 'operator.held',
      node: 'n1',
      why: `broken\nboot\n${'$'}{x} && reboot`,
      by: { user: 'x', from: 't' },
    });
    const { script } = ask(NOTHING_RENDERED);
    expect(script.split('\n').filter((line) => line !== '')).toHaveLength(4);
    expect(script).not.toMatch(/\n(?:boot|reboot)|\$\{/);
  });

  test('a template that is not the confirmed one is refused, whatever its plan says', () => {
    const { engine, ask } = setup();
    const template = '#!ipxe\nkernel {base}/t/{token}/kernel\nboot\n';
    const plan = planOf('rescue', undefined, { templateHash: sha256(template) });
    arm(engine, 'n1', 'rescue', plan);
    const of = (text?: string) => ({ of: () => renderedOf('n1', plan, text === undefined ? {} : { template: text }) });
    expect(ask(of(template)).decision.answer).toBe('rescue');
    for (const other of [`${template}# changed\n`, undefined])
      expect(ask(of(other)).decision).toMatchObject({
        answer: 'local',
        reason: 'the plan is no longer the one that was confirmed; cancel it and arm it again',
      });
  });

  test('a template is filled with harmless values only', () => {
    expect(
      renderTemplate('#!ipxe\nkernel {base}/t/{token}/kernel host={node}\n', { base: BASE, token: 'abc', node: 'n1' }),
    ).toEqual({
      ok: true,
      value: '#!ipxe\nkernel http://10.77.0.1/t/abc/kernel host=n1\n',
    });
    expect(renderTemplate('#!ipxe\necho {node}\n', { node: 'a\nb' }).ok).toBe(false);
    expect(renderTemplate('echo\n', {}).ok).toBe(false);
  });

  test('a command line that Linux would cut is not sent', () => {
    const { engine, ask } = setup();
    const plan = planOf('install', undefined, {
      kernelArgs: ['talos.platform=metal', `x=${'y'.repeat(2100)}`, 'talos.halt_if_installed=1'],
    });
    expect(ask(arm(engine, 'n1', 'install', plan)).decision).toMatchObject({
      answer: 'local',
      reason: 'the kernel command line has more than 2040 bytes',
    });
  });
});

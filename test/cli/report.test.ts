import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadRecording, type Recording } from '../../src/cli/replay-source.ts';
import { buildReport } from '../../src/cli/report-build.ts';
import { renderReport, renderSeconds } from '../../src/cli/report-markdown.ts';
import type { NodeReport, SiteReport } from '../../src/cli/report-model.ts';
import { listRuns, sliceRun, sliceWave, wavesNamed } from '../../src/cli/report-runs.ts';
import { medianOf } from '../../src/cli/report-summary.ts';
import type { Event } from '../../src/core/event.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import { ACTOR, at, planOf, specOf } from '../core/kit.ts';
import { arm, boot, createRecordedSite, load, NODES, type RecordedSite } from './recorded-site.ts';

const [one, two, three] = NODES;
if (one === undefined || two === undefined || three === undefined) throw new Error('three machines are needed');

let site: RecordedSite;
let recording: Recording;

/** Run 1: one machine is installed, a second one slower, a third never gets past its firmware. Run 2: the third is cancelled. */
beforeAll(async () => {
  site = createRecordedSite();
  const first = await site.run('crashcart serve');
  first.engine.emit(load(one, two, three));
  arm(first, one);
  boot(first, one);
  arm(first, two);
  boot(first, two, 'ready', 3);
  arm(first, three);
  boot(first, three, 'firmware');
  for (const xid of [4711, 4711, 4711]) {
    first.wait(10);
    first.engine.emit({
      type: 'dhcp.firmwareAsked',
      node: three.name,
      mac: '52:54:00:00:00:03',
      arch: 7,
      firmware: 'uefi',
      xid,
      secs: 8,
      offered: 'ipxe.efi',
      variant: 0,
      reason: 'armed',
    });
  }
  first.wait(60);
  first.engine.emit({ type: 'clock.ticked' });
  first.engine.emit({ type: 'operator.retried', node: three.name, by: ACTOR });
  await first.end();
  const second = await site.run();
  second.engine.emit(load(one, two, three));
  second.wait(5);
  second.engine.emit({ type: 'operator.cancelled', node: three.name, by: { ...ACTOR, screen: 'attach' } });
  await second.end();
  const loaded = await loadRecording(site.dir);
  if (!loaded.ok) throw new Error(loaded.error);
  recording = loaded.value;
});
afterAll(() => site.remove());

function reportOf(run?: number): SiteReport {
  const slice = sliceRun(recording, run);
  if (slice === undefined) throw new Error('no such run');
  return buildReport({ ...slice, audit: [], ...(run === undefined ? {} : { run }) });
}

function nodeIn(report: SiteReport, name: string): NodeReport {
  const found = report.nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(`${name} is not in the report`);
  return found;
}

describe('the hand-over report', () => {
  test('names what is left to do: each machine that stands where it should not, with cause and advice', () => {
    const slice = sliceRun(recording, 1);
    const before = (slice?.events ?? []).filter((event) => event.type !== 'operator.retried');
    const text = renderReport(buildReport({ start: emptyFleet(0), notes: [], audit: [], events: before }));
    const points = /## Open points\n\n([\s\S]*?)\n\n## Machines/.exec(text)?.[1]?.split('\n') ?? [];
    expect(points).toHaveLength(1);
    expect(points[0]).toContain(`**${three.name}**`);
    expect(points[0]).toContain('takes none of our offers. Firmware is given the next offer variant by itself');
    expect(renderReport(reportOf(1))).not.toContain('Open points');
  });

  test('the list of runs tells waves apart from what was armed one by one', () => {
    const by = { user: 'ada', from: 'tty1' };
    const wave = {
      type: 'site.waveStarted',
      wave: 'w',
      kind: 'install',
      canary: 1,
      width: 2,
      stopAfterFailures: 1,
    } as const;
    const event = { ...wave, nodes: [one, two, three].map(({ name }) => ({ node: name })), by, time: at(0) } as never;
    const runs = listRuns({
      ...recording,
      events: [{ seq: 1, event }],
      runs: [{ number: 1, firstIndex: 0, what: '' }],
    });
    expect(runs).toMatchObject([{ armed: 0, waves: 1, inWaves: 3 }]);
  });

  test('of a wave begins with it, ends with its last machine, and tells of its machines alone', async () => {
    const own = createRecordedSite();
    try {
      const live = await own.run();
      live.engine.emit(load(one, two, three));
      arm(live, three);
      boot(live, three);
      live.wait(3600);
      const plan = planOf('install', { configHash: 'config-hash-0123456789' });
      const nodes = [one, two].map(({ name }) => ({ node: name, job: `job-${name}`, plan }));
      const size = { canary: 1, width: 1, stopAfterFailures: 1 };
      const began = live.engine.now();
      live.engine.emit({ type: 'site.waveStarted', wave: '56dec349-011a', kind: 'install', nodes, ...size, by: ACTOR });
      for (const spec of [one, two]) {
        live.engine.emit({ type: 'job.stored', node: spec.name, job: `job-${spec.name}` });
        boot(live, spec);
      }
      const ended = live.engine.now();
      expect(live.engine.fleet().waves['56dec349-011a']?.state).toBe('done');
      live.wait(7200);
      live.engine.emit({ type: 'clock.ticked' });
      await live.end();
      const read = await loadRecording(own.dir);
      if (!read.ok) throw new Error(read.error);
      expect([wavesNamed(read.value, '56de'), wavesNamed(read.value, 'x')]).toEqual([['56dec349-011a'], []]);
      expect(sliceWave(read.value, '56de')).toBeUndefined();
      const slice = sliceWave(read.value, '56dec349-011a');
      if (slice === undefined) throw new Error('no such wave');
      const report = buildReport({ ...slice, audit: [], wave: '56dec349-011a' });
      expect(report.nodes.map((node) => node.name)).toEqual([one.name, two.name]);
      expect([Date.parse(report.from), Date.parse(report.to)]).toEqual([began, ended]);
      expect(report.summary.jobs).toMatchObject({ done: 2, running: 0 });
      expect(renderReport(report)).toContain('(wave 56dec349-011a and its machines)');
      expect(report.program).toBe('1.2.3');
    } finally {
      own.remove();
    }
  });

  test('says of an install who armed it, what was installed and how long each phase took', () => {
    const [job] = nodeIn(reportOf(1), one.name).jobs;
    expect(job).toMatchObject({
      kind: 'install',
      outcome: 'done',
      armedBy: { user: 'ada', from: 'tty1' },
      version: 'v1.13.9',
      configHash: 'r07-u01-config-hash-0123456789',
      disk: '/dev/nvme0n1',
      attempts: 1,
      retries: 0,
      seconds: 161,
    });
    expect(job?.phaseSeconds).toMatchObject({ powering: 40, firmware: 4, installing: 45, rebooting: 15 });
    const sum = Object.values(job?.phaseSeconds ?? {}).reduce((total, seconds) => total + (seconds ?? 0), 0);
    expect(sum).toBeCloseTo(job?.seconds ?? 0, 0);
  });

  test('has the facts of the firmware as the wire told them', () => {
    expect(nodeIn(reportOf(1), one.name).seen).toMatchObject({
      address: '10.77.0.1',
      manufacturer: 'Acme',
      product: 'PowerBox 740',
      firmware: 'uefi',
      arch: 'x64 UEFI',
      loader: 'ipxe.efi',
      loaderBy: 'tftp',
    });
  });

  test('lists each boot with its way and its bytes', () => {
    const [attempt, ...more] = nodeIn(reportOf(1), one.name).attempts;
    expect(more).toEqual([]);
    expect(attempt).toMatchObject({ cameUp: true, loader: 'ipxe.efi', bytes: 1_104_384 + 14_600_000 + 82_000_000 });
    expect(attempt?.phases.map((step) => step.phase).slice(0, 4)).toEqual([
      'powering',
      'firmware',
      'requesting',
      'loader',
    ]);
  });

  test('says of a machine that hangs why, and how often a person tried again', () => {
    const node = nodeIn(reportOf(1), three.name);
    expect(node.troubles.map((trouble) => trouble.code)).toEqual(['OFFER_IGNORED']);
    expect(node.jobs[0]).toMatchObject({ outcome: 'running', retries: 1 });
  });

  test('of a later run begins with what was true before it', () => {
    const report = reportOf(2);
    expect(nodeIn(report, three.name).jobs[0]).toMatchObject({ outcome: 'cancelled', kind: 'install' });
    expect(nodeIn(report, one.name).jobs).toEqual([]);
    expect(report.summary.jobs).toEqual({ done: 0, failed: 0, cancelled: 1, expired: 0, running: 0 });
  });

  test('of the whole journal sums up jobs, medians, the slowest and the causes', () => {
    const { summary } = reportOf();
    expect(summary).toMatchObject({
      machines: 3,
      jobs: { done: 2, failed: 0, cancelled: 1, expired: 0, running: 0 },
      medianSeconds: 161,
      slowest: [
        { node: two.name, kind: 'install', seconds: 483 },
        { node: one.name, kind: 'install', seconds: 161 },
      ],
      causes: [{ code: 'OFFER_IGNORED', count: 1 }],
    });
    expect(summary.phaseMedianSeconds.installing).toBe(45);
  });

  test('is the same for the same events', () => {
    expect(JSON.stringify(reportOf(1))).toBe(JSON.stringify(reportOf(1)));
  });

  test('reads well', async () => {
    const audit = [
      {
        at: '2025-10-09T08:53:20.000Z',
        who: 'ada',
        from: 'tty1 up',
        action: 'arm install',
        nodes: [one.name],
        outcome: '1 machine armed',
      },
    ];
    const slice = sliceRun(recording, 1);
    if (slice === undefined) throw new Error('no run 1');
    const text = renderReport(buildReport({ ...slice, audit, run: 1 }));
    await expect(text).toMatchFileSnapshot('golden/report.md');
  });

  test('keeps hostile names out of its tables', () => {
    const spec = specOf('node-01', { labels: {} });
    const events: Event[] = [
      { type: 'inventory.loaded', nodes: [spec], site: 'a|b](http://evil)', hash: '', warnings: [], time: at(0) },
      {
        type: 'http.scriptAsked',
        node: spec.name,
        address: '10.77.0.1',
        answer: 'local',
        reason: 'not armed',
        hardware: { product: '| <script>alert(1)</script> |\n# big', manufacturer: '`x`' },
        time: at(1),
      },
    ];
    const text = renderReport(buildReport({ start: emptyFleet(0), events, audit: [], notes: [] }));
    expect(text).not.toContain('<script>');
    expect(text).not.toMatch(/^# big/m);
    expect(text.split('\n')[0]).toBe('# Hand-over: a\\|b\\](http://evil)');
    const rows = text.split('\n').filter((line) => line.startsWith('| node-01'));
    expect(rows.map((row) => row.replaceAll('\\|', '').split('|').length)).toEqual([11]);
  });

  test('of nothing is still a report', () => {
    const report = buildReport({ start: emptyFleet(0), events: [], audit: [], notes: ['empty'] });
    expect(report).toMatchObject({ summary: { machines: 0, jobs: { done: 0 } }, nodes: [] });
    expect(renderReport(report)).toContain('0 machines: none');
  });
});

describe('the list of runs', () => {
  test('tells when each began, what it was, and how many machines were armed', () => {
    expect(listRuns(recording).map(({ number, what, armed, version }) => [number, what, armed, version])).toEqual([
      [1, 'crashcart serve', 3, '1.2.3'],
      [2, 'crashcart', 0, '1.2.3'],
    ]);
  });
});

test.each([
  [[], undefined],
  [[3], 3],
  [[4, 1], 1],
  [[9, 1, 5], 5],
])('the median of %j is %j', (values, middle) => {
  expect(medianOf(values)).toBe(middle);
});

test.each([
  [0.04, '0 s'],
  [59.96, '60 s'],
  [61, '1 min 01 s'],
  [3661, '1 h 01 min 01 s'],
])('%d seconds read %s', (seconds, text) => {
  expect(renderSeconds(seconds)).toBe(text);
});

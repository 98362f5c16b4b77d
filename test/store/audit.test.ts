import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ENGINE } from '../../src/core/engine-mark.ts';
import { type AuditEntry, parseAuditLine, renderAuditLine } from '../../src/store/audit-line.ts';
import { type Audit, openAudit } from '../../src/store/open-audit.ts';
import { readAudit, readOrders } from '../../src/store/read-audit.ts';
import { createMemoryDisk } from './memory-disk.ts';

const DIR = '/state';
const entry: AuditEntry = {
  atMs: Date.UTC(2026, 10, 21, 9, 30, 5, 120),
  who: 'root (sudo by kim, ssh 10.1.2.3)',
  from: 'nodes screen',
  action: 'reinstall',
  nodes: ['node-01', 'node-02'],
  outcome: 'armed',
};

async function openOrThrow(options: Parameters<typeof openAudit>[1]): Promise<Audit> {
  const opened = await openAudit(DIR, options);
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

describe('an audit line', () => {
  test('can be read by a person', () => {
    expect(renderAuditLine(entry)).toBe(
      '2026-11-21T09:30:05.120Z who="root (sudo by kim, ssh 10.1.2.3)" from="nodes screen" action=reinstall nodes=node-01,node-02 outcome=armed',
    );
  });

  const cases: [string, Partial<AuditEntry>][] = [
    ['plain', {}],
    ['quotes and backslashes', { who: 'a "b" \\ c', outcome: 'refused: "no \\" disk"' }],
    ['what looks like another field', { who: 'x action=nothing', outcome: 'a=b c=d' }],
    ['no nodes', { nodes: [] }],
  ];
  test.each(cases)('comes back as it was: %s', (_, change) => {
    const full = { ...entry, ...change };
    expect(parseAuditLine(renderAuditLine(full))).toEqual(full);
  });

  test('stays one line whatever a name holds, and paints nothing', () => {
    const line = renderAuditLine({ ...entry, who: 'kim\n2026-01-01T00:00:00Z who=root\u001b[31m', nodes: ['a,b'] });
    expect(line).not.toSatisfy((text: string) => text.includes('\n') || text.includes('\u001b'));
    expect(parseAuditLine(line)).toMatchObject({ who: 'kim 2026-01-01T00:00:00Z who=root', nodes: ['a;b'] });
  });

  test.each(['', '# a comment', 'rubbish', '2026-11-21T09:30:05.120Z who=kim'])('is not made of %j', (line) => {
    expect(parseAuditLine(line)).toBeUndefined();
  });
});

describe('the audit', () => {
  test('gives the newest first, across files and runs', async () => {
    const disk = createMemoryDisk();
    for (let run = 0; run < 3; run++) {
      const audit = await openOrThrow({ disk, segmentBytes: 400 });
      for (let n = 0; n < 5; n++)
        expect(await audit.append({ ...entry, action: `${run}.${n}` })).toMatchObject({ ok: true });
      await audit.close();
    }
    expect(disk.names().length).toBeGreaterThan(3);
    const newest = await readAudit(DIR, 7, disk);
    expect(newest.ok && newest.value.map((one) => one.action)).toEqual([
      '2.4',
      '2.3',
      '2.2',
      '2.1',
      '2.0',
      '1.4',
      '1.3',
    ]);
    const all = await readAudit(DIR, 1_000, disk);
    expect(all.ok && all.value.length).toBe(15);
  });

  test('cut at any byte keeps the whole lines and goes on', async () => {
    const first = createMemoryDisk();
    const audit = await openOrThrow({ disk: first });
    for (let n = 0; n < 3; n++) await audit.append({ ...entry, action: `${n}` });
    await audit.close();
    const path = first.names()[0] ?? '';
    const bytes = first.bytesOf(path) ?? Buffer.alloc(0);
    for (let size = 0; size <= bytes.length; size += 3) {
      const disk = createMemoryDisk();
      disk.put(path, bytes.subarray(0, size));
      const again = await openOrThrow({ disk });
      await again.append({ ...entry, action: 'after' });
      await again.close();
      const read = await readAudit(DIR, 10, disk);
      const whole = bytes.subarray(0, size).toString().split('\n').slice(1, -1).length;
      expect(read.ok && read.value.map((one) => one.action)).toEqual(
        ['after', '2', '1', '0'].filter((name) => name === 'after' || Number(name) < whole),
      );
      expect(disk.bytesOf(path)?.toString()).toMatch(/^# crashcart audit 1/);
    }
  });

  test('fails with the reason while the disk does', async () => {
    const disk = createMemoryDisk();
    const audit = await openOrThrow({ disk, retryMinMs: 1 });
    disk.capacityBytes = 10;
    expect(await audit.append(entry)).toMatchObject({ ok: false, error: expect.stringContaining('no space') });
    expect(audit.state().kind).toBe('failing');
    disk.capacityBytes = 1e6;
    expect(await audit.close()).toMatchObject({ ok: true });
    expect((await readAudit(DIR, 1, disk)).ok).toBe(true);
  });

  test('removes the oldest files beyond its number', async () => {
    const disk = createMemoryDisk();
    for (let n = 0; n < 6; n++) {
      const audit = await openOrThrow({ disk, segmentBytes: 10, keepFiles: 3 });
      await audit.append({ ...entry, action: `${n}` });
      await audit.close();
    }
    expect(disk.names().length).toBeLessThanOrEqual(4);
    const read = await readAudit(DIR, 10, disk);
    expect(read.ok && read.value[0]?.action).toBe('5');
  });
});

test('what the program marks counts for a start, and is no order of anybody', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'crashcart-audit-'));
  const opened = await openAudit(dir, { journalSeq: () => 13 });
  if (!opened.ok) throw new Error(opened.error);
  await opened.value.append(entry);
  await opened.value.append({ ...entry, ...ENGINE, action: 'send wipe' });
  await opened.value.close();
  expect(await readOrders(dir, 1)).toMatchObject({ value: [{ action: 'reinstall' }] });
  expect(await readAudit(dir, 1)).toMatchObject({ value: [{ action: 'send wipe', journalSeq: 13 }] });
});

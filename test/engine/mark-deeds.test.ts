import { expect, test } from 'vitest';
import type { Event, EventBody } from '../../src/core/event.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import { fail, ok, type Result } from '../../src/core/result.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { markDeeds } from '../../src/engine/mark-deeds.ts';
import { ACTOR, planOf, specOf } from '../core/kit.ts';

/** What goes out once leaves a line of the audit behind its note: by that a start sees that the journal was cut. */

function open() {
  const events: Event[] = [];
  const told: string[] = [];
  let stored: Result<void> = ok(undefined);
  let kept: Result<void> = ok(undefined);
  const journal = {
    append: (event: Event) => events.push(event),
    durable: async () => stored,
    lastSeq: () => events.length,
  };
  const engine = createEngine({ fleet: emptyFleet(0), journal, effects: { run: () => undefined }, now: () => 1_000 });
  const audit = {
    append: async ({ action, nodes }: { readonly action: string; readonly nodes: readonly string[] }) => {
      if (kept.ok) told.push(`${action} ${nodes.join()}`);
      return kept;
    },
  };
  const emit = (body: unknown): void => engine.emit(body as EventBody);
  emit({ type: 'inventory.loaded', nodes: [specOf('n1')], site: 's', hash: '', warnings: [] });
  emit({
    type: 'operator.armed',
    node: 'n1',
    job: 'j',
    kind: 'reinstall',
    plan: planOf('reinstall'),
    confirmed: 'n1',
    expiresAt: 9e9,
    by: ACTOR,
  });
  emit({ type: 'job.stored', node: 'n1', job: 'j' });
  const marks = markDeeds(engine, journal, audit);
  return {
    engine,
    told,
    marks,
    emit,
    setStored: (result: Result<void>) => {
      stored = result;
    },
    setKept: (result: Result<void>) => {
      kept = result;
    },
  };
}

const leaving = { node: 'n1', job: 'j', what: 'script', askedAt: 1_000 } as const;
const turns = () => new Promise((done) => setTimeout(done, 20));

test('nothing that lets a machine write leaves before its mark is kept, and one of a job is enough', async () => {
  const { marks, told, setStored, setKept } = open();
  setStored(fail('full'));
  expect(await marks.beforeLeaving(leaving)).toMatchObject({ ok: false, error: 'full' });
  expect(told).toEqual([]);
  setStored(ok(undefined));
  setKept(fail('the audit is full'));
  expect(await marks.beforeLeaving(leaving)).toMatchObject({ ok: false, error: 'the audit is full' });
  setKept(ok(undefined));
  for (let n = 0; n < 3; n++) expect(await marks.beforeLeaving(leaving)).toMatchObject({ ok: true });
  expect(told).toEqual(['send install n1']);
});

test('that an installation has begun is marked once, when it is on disk', async () => {
  const { marks, told, emit } = open();
  const stop = marks.follow();
  emit({ type: 'http.configServed', node: 'n1', job: 'j', address: '10.0.0.5', configHash: 'config-1' });
  emit({ type: 'clock.ticked' });
  emit({ type: 'http.configServed', node: 'n1', job: 'j', address: '10.0.0.5', configHash: 'config-1' });
  await turns();
  expect(told).toEqual(['configuration sent n1']);
  stop();
});

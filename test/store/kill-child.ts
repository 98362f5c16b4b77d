import { writeSync } from 'node:fs';
import { openAudit } from '../../src/store/open-audit.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { openSnapshot } from '../../src/store/open-snapshot.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { addToFold, type Fold, type KillRecord, startFold } from './kill-fold.ts';

/** The process that is killed: events flow, some are operator actions, and an action is told only once it is on disk. */

const dir = process.argv[2] ?? '';
const life = Number(process.argv[3]);

function orThrow<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string },
): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const snapshot = openSnapshot(dir, { awaitDurable: (seq) => journal.durable(seq) });
const loaded = orThrow(await snapshot.load());
const journal = orThrow(
  await openJournal<KillRecord>(dir, { session: { life }, segmentBytes: 8_000, afterSeq: loaded?.seq ?? 0 }),
);
const audit = orThrow(await openAudit(dir, { segmentBytes: 1_000 }));
let fold: Fold = (loaded?.data as Fold | undefined) ?? startFold;
for await (const item of readJournal<KillRecord>(dir, (loaded?.seq ?? 0) + 1)) {
  if (item.kind === 'problem') throw new Error(item.reason);
  if (item.kind === 'record') fold = addToFold(fold, item.record);
}

function append(record: KillRecord): number {
  fold = addToFold(fold, record);
  return journal.append(record);
}

async function act(index: number): Promise<void> {
  const action = `${life}-${index}`;
  const result = await journal.durable(append({ kind: 'action', action }));
  if (result.ok) writeSync(1, `ack ${action}\n`);
  const entry = { atMs: 0, who: 'kim', from: 'kill test', action, nodes: [], outcome: 'armed' };
  if ((await audit.append(entry)).ok) writeSync(1, `audited ${action}\n`);
}

writeSync(1, 'ready\n');
// The first child only fills the compile cache, which a killed one cannot.
if (process.argv[3] === 'once') process.exit(0);
for (let index = 0; ; index++) {
  for (let event = 0; event < 8; event++) append({ kind: 'event', n: index * 8 + event });
  if (index % 2 === 0) void act(index);
  if (index % 8 === 4) void snapshot.save(journal.lastSeq(), fold);
  await new Promise((resolve) => (index % 2 === 0 ? setTimeout(resolve, 1) : setImmediate(resolve)));
}

import type { Fleet } from '../../../src/core/fleet.ts';
import { indexIdentities } from '../../../src/core/identity-index.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { ok } from '../../../src/core/result.ts';
import { getIn, setIn, shardMapOf } from '../../../src/core/shard-map.ts';
import { runScreen } from '../../../src/ui/screen/run-screen.ts';
import { readTerminalProfile } from '../../../src/ui/terminal/terminal-profile.ts';
import { sampleFleet, sampleNodes } from '../sample-fleet.ts';
import { createFakePort } from './fake-port.ts';

/** A screen as a program of its own, over a fleet of NODES machines with EVENTS a second: for real terminals and the bench. */
const env = process.env;
const count = Number(env['NODES'] ?? 120);
const events = Number(env['EVENTS'] ?? 0);
const BATCH_MS = 100;

function bigFleet(): { fleet: Fleet; names: readonly string[] } {
  const racks = Array.from({ length: Math.ceil(count / 40) }, (_, at) => `r${String(at + 1).padStart(2, '0')}`);
  const nodes = racks.flatMap((rack) => sampleNodes(rack, rack === 'r07')).slice(0, count);
  const moved = nodes.map((node) => shiftTimes(node, Date.now()));
  const fleet = sampleFleet(events === 0 ? 'empty' : 'normal');
  const quiet =
    events === 0
      ? moved.map(
          ({ job: _, ...node }): NodeState => ({
            ...node,
            health: { is: 'ok' },
            phase: { is: 'ready', since: Date.now() },
          }),
        )
      : moved;
  return {
    fleet: {
      ...fleet,
      waves: {},
      nodes: shardMapOf(quiet.map((node) => [node.name, node] as const)),
      index: indexIdentities(quiet.map((node) => node.spec)),
    },
    names: quiet.map((node) => node.name),
  };
}

function shiftTimes(node: NodeState, now: number): NodeState {
  return { ...node, phase: { ...node.phase, since: now - 60_000 } };
}

const { fleet: first, names } = bigFleet();
const { saveText: _saves, ...port } = createFakePort(first);
const consoleOf = async () =>
  ok({ program: 'sh', args: ['-c', env['CONSOLE'] ?? 'true'], env: { IPMI_PASSWORD: 'geheim' }, leave: '~.' });
const screen = runScreen({
  port: { ...port, consoleCommand: consoleOf },
  profile: readTerminalProfile(env),
  session: { who: 'bench', holdsStack: env['HOLDS'] === '1' },
  stdin: process.stdin,
  stdout: process.stdout,
  env,
  batchMs: BATCH_MS,
});

let fleet = first;
let turn = 0;
if (events > 0) {
  let due = 0;
  setInterval(() => {
    due += (events * BATCH_MS) / 1_000 / 4;
    for (; due >= 1; due--) fleet = step(fleet);
    port.send(fleet, { bytesPerSecond: 112_000_000 });
  }, BATCH_MS / 4).unref();
}

function step(now: Fleet): Fleet {
  turn++;
  const name = names[(turn * 7) % names.length] ?? '';
  const node = getIn(first.nodes, name);
  if (node === undefined) return now;
  const percent = (turn * 3) % 100;
  return {
    ...now,
    nodes: setIn(now.nodes, name, { ...node, phase: { is: 'installing', since: Date.now() - 30_000, percent } }),
  };
}

if (env['CRASH'] === '1') setTimeout(() => Promise.reject(new Error('a bug on purpose')), 500);
const how = await screen.ended;
process.stdout.write(`ended: ${how}\n`);
process.exit(0);

import { nodeOf } from '../core/fleet.ts';
import type { NodeSpec } from '../core/spec.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { RenderedBook } from '../engine/rendered-book.ts';
import { turn } from '../engine/turn.ts';
import { sealPlan } from './seal-plan.ts';

const BY = { user: 'warm-up', from: 'warm-up' } as const;
const JOB_MS = 60_000;
const AT_ONCE = 16;

/**
 * In a copy of the state, of which nothing leaves: a machine that is armed is another object to V8, and in a storm all are.
 * Without this the first packets of a storm threw away nearly all that was compiled.
 */
export async function armWarmUp(engine: Engine, rendered: RenderedBook, specs: readonly NodeSpec[]): Promise<void> {
  for (const [index, { name: node, arch }] of specs.entries()) {
    if (index > 0 && index % AT_ONCE === 0) await turn();
    if (nodeOf(engine.fleet(), node)?.job !== undefined) continue;
    const image = (path: string) => ({ path, sha256: '', sizeBytes: 0 });
    const plan = sealPlan({
      kind: 'install',
      profile: 'talos',
      arch,
      version: '',
      schematic: '',
      kernel: image('kernel'),
      initrd: image('initrd'),
      configHash: '',
      configChecked: true,
      disk: { sure: true, why: '' },
      kernelArgs: [],
    });
    const job = `warm-up-${node}`;
    rendered.put({ node, plan, artefactsProven: true, configText: '' });
    const expiresAt = engine.now() + JOB_MS;
    engine.emit({
      type: 'operator.armed',
      node,
      job,
      kind: 'install',
      plan,
      expiresAt,
      letsEnd: true,
      savesFirst: true,
      by: BY,
    });
    engine.emit({ type: 'job.stored', node, job });
  }
}

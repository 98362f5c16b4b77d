import { doubtOf } from '../core/disk-doubt.ts';
import type { EventBody } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { Actor } from '../core/job.ts';
import { protectionOf } from '../core/protection.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { awaitedText, wavesAwaiting, writingWavesAwaiting } from '../core/wave-places.ts';
import type { Ordered } from './act-drift.ts';

/** What had gone out by then, told with the order that ends the job. */
export function withDoubt(fleet: Fleet, names: readonly string[], body: EventBody): EventBody {
  if (body.type !== 'operator.cancelled' && body.type !== 'operator.held' && body.type !== 'operator.protected')
    return body;
  const node = names.includes(body.node) ? nodeOf(fleet, body.node) : undefined;
  const doubt = node === undefined ? undefined : doubtOf(node);
  return doubt === undefined ? body : { ...body, doubt };
}

/** What ends a job ends the place of a machine that waits for one, and says so. */
export function leaving(fleet: Fleet, done: Result<Ordered>): Result<Ordered> {
  if (!done.ok) return done;
  const told = done.value.bodies.flatMap((body) => {
    const waves = leftBy(fleet, body);
    const name = 'node' in body ? body.node : '';
    return waves.length === 0 ? [] : [`${name} is out of wave ${waves.join(' and ')}, in which it waited`];
  });
  return withMore(done.value, told);
}

function leftBy(fleet: Fleet, body: EventBody): readonly string[] {
  switch (body.type) {
    case 'operator.cancelled':
    case 'operator.held':
      return wavesAwaiting(fleet, body.node).map(({ id }) => id);
    case 'operator.protected':
      return writingWavesAwaiting(fleet, body.node).map(({ id }) => id);
    default:
      return [];
  }
}

/** Whoever lets machines go that a wave arms then is told so with it. */
export function awaited(fleet: Fleet, names: readonly string[], done: Result<Ordered>): Result<Ordered> {
  return done.ok
    ? withMore(
        done.value,
        names.flatMap((name) => awaitedText(fleet, name) ?? []),
      )
    : done;
}

function withMore(ordered: Ordered, told: readonly string[]): Result<Ordered> {
  const [first, ...more] = told;
  if (first === undefined) return ok(ordered);
  const others = more.length === 0 ? '' : ` (and ${more.length} more like it)`;
  return ok({ ...ordered, said: `${ordered.said}; ${first}${others}` });
}

export function unprotectEvents(fleet: Fleet, nodes: readonly string[], by: Actor): Result<Ordered> {
  for (const name of nodes) {
    const node = nodeOf(fleet, name);
    if (node?.guard !== undefined) continue;
    return fail(
      node?.spec.protected
        ? `${name} is ${protectionOf(node)}: change its file, or break the glass`
        : `${name} is not protected`,
    );
  }
  const said =
    nodes.length === 1 ? `${nodes[0]} not protected any more` : `${nodes.length} machines not protected any more`;
  if (nodes.length === 0) return fail('no machine is named');
  const bodies = nodes.map((node): EventBody => ({ type: 'operator.unprotected', node, by }));
  return awaited(fleet, nodes, ok({ bodies, said }));
}

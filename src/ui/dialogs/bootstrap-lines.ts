import { lastBootstrap, otherControlPlanes, runsEtcd } from '../../core/bootstrap.ts';
import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { renderSpan } from '../format/duration.ts';
import { lookOf } from '../select/node-look.ts';
import type { TypedDialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

/** What is known of the cluster whose etcd would begin: its other control planes, and what was asked before. */
export function bootstrapLines({ model, theme }: Scene, dialog: TypedDialog, width: number): readonly FrameLine[] {
  const [name = ''] = dialog.nodes;
  const node = nodeOf(model.fleet, name);
  if (dialog.action !== 'bootstrap' || node === undefined) return [];
  const show = (text: string) => showText(text, theme.set);
  const others = otherControlPlanes(model.fleet, name);
  const before = lastBootstrap(model.fleet, node);
  const wrapped = (text: string): readonly FrameLine[] =>
    wrapText(show(text), width).map((line): FrameLine => [[line, 'warn']]);
  return [
    [['cluster  ', 'dim'], show(node.spec.cluster ?? '(no name)')],
    ...others.map(
      (one): FrameLine => [
        ['beside   ', 'dim'],
        `${show(one.name)}  `,
        [lookOf(one).word.trim(), lookOf(one).tone],
        `  ${etcdOf(one)}`,
      ],
    ),
    ...(others.length === 0
      ? [[['beside   ', 'dim'], 'no other control-plane node in the inventory'] as FrameLine]
      : []),
    ...(before === undefined
      ? []
      : wrapped(
          `asked ${renderSpan(model.nowMs - before.askedAt)} ago by ${before.by.user} of ${before.node}: ${before.problem ?? before.state}`,
        )),
    [],
  ];
}

function etcdOf({ seen }: NodeState): string {
  if (seen.api === undefined) return 'etcd: its API was not asked';
  return runsEtcd(seen.api.services) ? 'etcd runs' : 'etcd does not run';
}

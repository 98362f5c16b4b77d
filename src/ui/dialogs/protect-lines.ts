import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { endsByProtection, protectionOf } from '../../core/protection.ts';
import type { TypedDialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

/** Of several machines so many are named. */
const NAMED = 4;

/** Beside the question: who is protected already, and which jobs end with it. */
export function protectLines({ model, theme }: Scene, dialog: TypedDialog, width: number): readonly FrameLine[] {
  if (dialog.action !== 'protect' && dialog.action !== 'unprotect') return [];
  const nodes = dialog.nodes.flatMap((name) => nodeOf(model.fleet, name) ?? []);
  const lines = nodes.flatMap((node) => factsOf(node, dialog.action === 'protect'));
  const more = lines.length > NAMED ? [`and ${lines.length - NAMED} more`] : [];
  return [...lines.slice(0, NAMED), ...more].flatMap((line) =>
    wrapText(showText(line, theme.set, 300), width).map((part): FrameLine => [[part, 'warn']]),
  );
}

function factsOf(node: NodeState, protects: boolean): readonly string[] {
  const before = protectionOf(node);
  const { job } = node;
  if (!protects)
    return [
      ...(before === undefined ? [] : [`${node.name} is ${before}`]),
      ...(node.spec.protected ? [`${node.name} stays protected in the inventory (${node.spec.file})`] : []),
    ];
  return [
    ...(before === undefined
      ? []
      : [`${node.name} is ${before}${node.guard === undefined ? '' : '; that is replaced'}`]),
    ...(endsByProtection(node) ? [`the ${job?.kind} of ${node.name} ends with it: it may still write`] : []),
    ...(job?.spentAt !== undefined && !endsByProtection(node)
      ? [`the ${job.kind} of ${node.name} writes by now, and goes on`]
      : []),
  ];
}

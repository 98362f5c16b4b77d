import type { NodeState } from '../core/node.ts';
import type { LoadedFile } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { askGate, type BootView } from './gate-question.ts';

/**
 * May iPXE be inserted into this machine now? It leads to the boot script, where the gate decides all over again; but a
 * machine that is not armed gets not even the way there.
 */
export function mayInsert(view: BootView, node: NodeState): Result<void> {
  if (node.spec.boot !== 'virtualMedia') return fail(`${node.name} boots by the network`);
  const identity = { is: 'node', node, sure: true, matched: ['token'], why: 'by the token of its job' } as const;
  const gate = askGate(view, 'loader', identity);
  return gate.give === 'write' || gate.give === 'boot' ? ok(undefined) : fail(gate.reason);
}

/** The medium itself, as a BMC fetches it: in pieces, and again whenever its machine reads on. */
export function answerMedium(view: BootView, node: NodeState): Result<LoadedFile> {
  const may = mayInsert(view, node);
  if (!may.ok) return may;
  const file = view.artefacts.medium?.(node.spec);
  return file === undefined ? fail('no medium was made for it') : ok(file);
}

import type { UiEffect } from '../state/ui-effect.ts';
import type { EffectTools } from './effect-tools.ts';

/** Programs that get the whole terminal: the editor on a node's file, its serial console. */

export async function runFor(
  tools: EffectTools,
  effect: Extract<UiEffect, { type: 'edit' | 'serial' }>,
): Promise<void> {
  return effect.type === 'serial' ? openConsole(tools, effect.node) : editFile(tools, effect.node);
}

async function editFile({ port, deeds, toast }: EffectTools, node: string): Promise<void> {
  const file = await port.nodeFile?.(node);
  if (file === undefined) return toast('note', 'the inventory is on another host; edit it there');
  if (!file.ok) return toast('note', file.error);
  const problem = await deeds.runProgram(deeds.editorCommand(file.value));
  if (problem !== undefined) toast('bad', problem);
}

async function openConsole({ port, deeds, toast }: EffectTools, node: string): Promise<void> {
  const serial = await port.consoleCommand?.(node);
  if (serial === undefined) return toast('note', 'no serial console can be opened from this session');
  if (!serial.ok) return toast('note', serial.error);
  const { program, args, env, leave } = serial.value;
  const problem = await deeds.runProgram([program, ...args], {
    env,
    notice: `serial console of ${node}; ${leave} at the start of a line comes back to crashcart`,
  });
  toast(problem === undefined ? 'note' : 'bad', problem ?? `back from the console of ${node}`);
}

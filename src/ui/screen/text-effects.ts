import type { Result } from '../../core/result.ts';
import type { ExportWish, ScreenPort } from '../../link/screen-port.ts';
import { EMPTY_LOG } from '../state/log-buffer.ts';
import type { UiEffect } from '../state/ui-effect.ts';
import type { EffectTools, TerminalDeeds } from './effect-tools.ts';

/** Text that the operator takes with him: the clipboard, a file, the pager, the report. */

export async function copyText({ port, deeds, toast }: EffectTools, text: string): Promise<void> {
  if (text === '') return toast('note', 'nothing to copy here');
  if (deeds.copy(text)) return toast('good', `copied: ${text.slice(0, 60)}`);
  const saved = await saveFor(port, deeds, 'copied.txt', `${text}\n`);
  toast(saved.ok ? 'good' : 'bad', `this terminal cannot copy; ${saved.ok ? `saved to ${saved.value}` : saved.error}`);
}

export async function exportTo({ port, toast }: EffectTools, wish: ExportWish): Promise<void> {
  toast('note', wish.is === 'packets' ? 'writing the packets ...' : 'writing the report ...');
  const written = await port.exportTo?.(wish);
  if (written === undefined) return toast('note', 'this session exports nothing: use crashcart export');
  toast(written.ok ? 'good' : 'bad', written.ok ? written.value : written.error);
}

export async function openLog(
  { port, deeds, read, toast }: EffectTools,
  effect: Extract<UiEffect, { source: string }>,
): Promise<void> {
  const result = await port.log(effect.source, 0);
  const lines = result.ok ? result.value.lines : (read().logs.get(effect.source) ?? EMPTY_LOG).lines;
  const text = lines
    .map((line) => `${new Date(line.at).toISOString()} ${line.source} ${line.level} ${line.text}`)
    .join('\n');
  const name = `${effect.source === '*' ? 'services' : effect.source.replace(/[^\w.-]/g, '_')}.log`;
  const saved = await saveFor(port, deeds, name, `${text}\n`);
  if (!saved.ok) return toast('bad', saved.error);
  if (effect.type === 'saveLog') return toast('good', `${lines.length} lines saved to ${saved.value}`);
  const problem = await deeds.runProgram(deeds.pagerCommand(saved.value));
  if (problem !== undefined) toast('bad', problem);
}

const saveFor = (port: ScreenPort, deeds: TerminalDeeds, name: string, text: string): Promise<Result<string>> =>
  port.saveText === undefined ? deeds.saveText(name, text) : port.saveText(name, text);

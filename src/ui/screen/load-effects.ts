import { addLogSlice, EMPTY_LOG } from '../state/log-buffer.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { withToast } from '../state/toasts.ts';
import { routeOf } from '../state/ui-state.ts';
import type { EffectTools } from './effect-tools.ts';

/** What a screen reads of the engine while it is open. */

/** The logs that are on the screen now; others are not asked for. */
export function logSources(model: ScreenModel): readonly string[] {
  const route = routeOf(model.ui);
  if (route.is === 'node') return [route.node];
  if (route.is === 'services') return ['*'];
  return route.is === 'rack' && model.ui.size.columns >= 120 && model.ui.cursor.nodes !== undefined
    ? [model.ui.cursor.nodes]
    : [];
}

export async function loadAudit({ port, update }: EffectTools): Promise<void> {
  const result = await port.audit(500);
  update((model) => (result.ok ? { ...model, audit: result.value } : withToast(model, 'bad', result.error)));
}

export async function loadServices({ port, update, heard }: EffectTools): Promise<void> {
  const result = await port.services();
  // A refusal is an answer too, but not of an engine that is there to be worked with.
  if (!result.ok) return;
  heard();
  update((model) =>
    JSON.stringify(model.services) === JSON.stringify(result.value) ? model : { ...model, services: result.value },
  );
}

export interface LogSource extends Pick<EffectTools, 'update' | 'read'> {
  readonly port: Pick<EffectTools['port'], 'log'>;
}

/** The engine gives some hundred lines at a time: who opens a log that follows sees its newest at once. */
export async function loadLog(tools: LogSource, source: string): Promise<void> {
  for (let slices = 0; slices < MOST_SLICES; slices += 1) if ((await loadSlice(tools, source)) < MORE_WAITS) return;
}

async function loadSlice({ port, update, read }: LogSource, source: string): Promise<number> {
  const from = read().logs.get(source)?.nextLine ?? 0;
  const result = await port.log(source, from);
  if (!result.ok || (result.value.lines.length === 0 && result.value.nextLine === from)) return 0;
  const slice = result.value;
  update((model) => {
    // Logs of nodes that are off the screen are dropped; the engine has them.
    const others = [...model.logs].filter(([name]) => name !== source).slice(-LOGS_KEPT);
    const logs = new Map([...others, [source, addLogSlice(model.logs.get(source) ?? EMPTY_LOG, slice)]]);
    return { ...model, logs };
  });
  return slice.lines.length;
}

/** A slice with so many is not the last one. */
const MORE_WAITS = 100;
/** All that the engine keeps of one machine, four times over. */
const MOST_SLICES = 16;

const LOGS_KEPT = 4;

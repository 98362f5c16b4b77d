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

export async function loadLog({ port, update, read }: EffectTools, source: string): Promise<void> {
  const from = read().logs.get(source)?.nextLine ?? 0;
  const result = await port.log(source, from);
  if (!result.ok || (result.value.lines.length === 0 && result.value.nextLine === from)) return;
  const slice = result.value;
  update((model) => {
    // Logs of nodes that are off the screen are dropped; the engine has them.
    const others = [...model.logs].filter(([name]) => name !== source).slice(-LOGS_KEPT);
    const logs = new Map([...others, [source, addLogSlice(model.logs.get(source) ?? EMPTY_LOG, slice)]]);
    return { ...model, logs };
  });
}

const LOGS_KEPT = 4;

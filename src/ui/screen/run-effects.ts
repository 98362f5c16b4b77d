import type { OperatorAction } from '../../core/operator-action.ts';
import type { ScreenPort } from '../../link/screen-port.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { withToast } from '../state/toasts.ts';
import type { UiEffect } from '../state/ui-effect.ts';
import { routeOf } from '../state/ui-state.ts';
import type { EffectTools, Say, TerminalDeeds, Update } from './effect-tools.ts';
import { loadAudit, loadLog, loadServices, logSources } from './load-effects.ts';
import { runFor } from './program-effects.ts';
import { takePreview } from './take-preview.ts';
import { copyText, exportTo, openLog } from './text-effects.ts';

export interface EffectRunner {
  run(effects: readonly UiEffect[]): void;
  /** Asks the engine how the services are: news for the header, and proof that it is still there. */
  poll(): void;
  /** Reads what the open screen needs: its log, the audit lines. */
  refresh(model: ScreenModel): void;
}

export function createEffectRunner(
  port: ScreenPort,
  deeds: TerminalDeeds,
  update: Update,
  read: () => ScreenModel,
  heard: () => void = () => undefined,
): EffectRunner {
  const toast: Say = (tone, text) => update((model) => withToast(model, tone, text));
  const asking = new Set<string>();
  const once: EffectTools['once'] = (key, ask) => {
    if (asking.has(key)) return;
    asking.add(key);
    ask()
      .catch((error: unknown) => toast('bad', reasonFrom(error)))
      .finally(() => asking.delete(key));
  };
  const tools: EffectTools = { port, deeds, update, read, heard, toast, once };
  return {
    run: (effects) => {
      for (const effect of effects) runEffect(tools, effect);
    },
    poll: () => once('services', () => loadServices(tools)),
    refresh: (model) => {
      for (const source of logSources(model)) once(`log ${source}`, () => loadLog(tools, source));
      if (routeOf(model.ui).is === 'history') once('audit', () => loadAudit(tools));
    },
  };
}

function runEffect(tools: EffectTools, effect: UiEffect): void {
  const { port, deeds, update, toast, once } = tools;
  switch (effect.type) {
    case 'act':
      // Never coalesced: two different wishes may be under way.
      act(port, effect.action, toast).catch((error: unknown) => toast('bad', reasonFrom(error)));
      return;
    case 'preview':
      preview(port, effect, update).catch((error: unknown) =>
        update((model) => takePreview(model, effect, { is: 'failed', reason: reasonFrom(error) })),
      );
      return;
    case 'load':
      once(effect.what, () => (effect.what === 'audit' ? loadAudit(tools) : loadServices(tools)));
      return;
    case 'copy':
      once('copy', () => copyText(tools, effect.text));
      return;
    case 'export':
      once('export', () => exportTo(tools, effect.wish));
      return;
    case 'saveLog':
    case 'pager':
      once('log file', () => openLog(tools, effect));
      return;
    case 'edit':
    case 'serial':
      once('program', () => runFor(tools, effect));
      return;
    case 'mouse':
      deeds.setMouse(effect.on);
      return;
    default:
      deeds[effect.type]();
  }
}

const reasonFrom = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function act(port: ScreenPort, action: OperatorAction, toast: Say): Promise<void> {
  const result = await port.act(action);
  if (result.ok) toast('good', result.value);
  else toast('bad', result.error);
}

async function preview(
  port: ScreenPort,
  effect: Extract<UiEffect, { type: 'preview' }>,
  update: Update,
): Promise<void> {
  const result = await port.preview(effect.nodes, effect.kind);
  update((model) =>
    takePreview(
      model,
      effect,
      result.ok ? { is: 'here', nodes: result.value } : { is: 'failed', reason: result.error },
    ),
  );
}

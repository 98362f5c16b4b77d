import type { OperatorAction } from '../../core/operator-action.ts';
import type { Result } from '../../core/result.ts';
import type { ExportWish, PreviewKind, ScreenPort } from '../../link/screen-port.ts';
import { previewOf, withPlan } from '../state/ask-action.ts';
import { addLogSlice, EMPTY_LOG } from '../state/log-buffer.ts';
import { type PlanState, planKey, type ScreenModel } from '../state/screen-model.ts';
import { withToast } from '../state/toasts.ts';
import type { UiEffect } from '../state/ui-effect.ts';
import { type PreviewState, routeOf, type Toast } from '../state/ui-state.ts';
import type { ProgramRun } from './run-program.ts';

type Update = (change: (model: ScreenModel) => ScreenModel) => void;

/** What the terminal can do for an effect; `run-screen` has the real one. */
export interface TerminalDeeds {
  copy(text: string): boolean;
  setMouse(on: boolean): void;
  redraw(): void;
  suspend(): void;
  quit(): void;
  keepLook(): void;
  /** Where this host keeps what the operator saves, when the engine does not say. */
  saveText(name: string, text: string): Promise<Result<string>>;
  /** Runs a program with the terminal given to it; resolves with why it could not, or undefined. */
  runProgram(command: readonly string[], how?: ProgramRun): Promise<string | undefined>;
  editorCommand(file: string): readonly string[];
  pagerCommand(file: string): readonly string[];
}

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
  /** One question of a kind at a time: a slow engine is not asked again before it answered. */
  const once: Once = (key, ask) => {
    if (asking.has(key)) return;
    asking.add(key);
    ask()
      .catch((error: unknown) => toast('bad', reasonFrom(error)))
      .finally(() => asking.delete(key));
  };
  const tools: Tools = { port, deeds, update, read, heard, toast, once };
  return {
    run: (effects) => {
      for (const effect of effects) runEffect(tools, effect);
    },
    poll: () => once('services', () => loadServices(port, update, heard)),
    refresh: (model) => {
      for (const source of logSources(model)) once(`log ${source}`, () => loadLog(port, source, update, read));
      if (routeOf(model.ui).is === 'history') once('audit', () => loadAudit(port, update));
    },
  };
}

type Say = (tone: Toast['tone'], text: string) => void;
type Once = (key: string, ask: () => Promise<void>) => void;

interface Tools {
  readonly port: ScreenPort;
  readonly deeds: TerminalDeeds;
  readonly update: Update;
  readonly read: () => ScreenModel;
  readonly heard: () => void;
  readonly toast: Say;
  readonly once: Once;
}

function runEffect(tools: Tools, effect: UiEffect): void {
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
      once(effect.what, () =>
        effect.what === 'audit' ? loadAudit(port, update) : loadServices(port, update, tools.heard),
      );
      return;
    case 'copy':
      once('copy', () => copy(port, deeds, effect.text, toast));
      return;
    case 'export':
      once('export', () => exportTo(port, effect.wish, toast));
      return;
    case 'saveLog':
    case 'pager':
      once('log file', () => openLog(port, deeds, tools.read(), effect, toast));
      return;
    case 'edit':
    case 'serial':
      once('program', () => runFor(port, deeds, effect, toast));
      return;
    case 'mouse':
      deeds.setMouse(effect.on);
      return;
    default:
      deeds[effect.type]();
  }
}

/** The logs that are on the screen now; others are not asked for. */
export function logSources(model: ScreenModel): readonly string[] {
  const route = routeOf(model.ui);
  if (route.is === 'node') return [route.node];
  if (route.is === 'services') return ['*'];
  return route.is === 'rack' && model.ui.size.columns >= 120 && model.ui.cursor.nodes !== undefined
    ? [model.ui.cursor.nodes]
    : [];
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

/** Into the dialog that asked, if it is still open for the same nodes, and onto the plan page. */
export function takePreview(
  model: ScreenModel,
  { nodes, kind }: { readonly nodes: readonly string[]; readonly kind: PreviewKind },
  preview: Exclude<PreviewState, { is: 'none' | 'loading' }>,
): ScreenModel {
  const { dialog } = model.ui;
  const isOurs =
    dialog?.kind === 'typed' &&
    dialog.preview.is === 'loading' &&
    previewOf(dialog.action) === kind &&
    dialog.nodes.join() === nodes.join();
  const made: readonly (readonly [string, PlanState])[] =
    preview.is === 'here'
      ? preview.nodes.map((one) => [planKey(one.node, kind), { is: 'here', preview: one }])
      : nodes.map((name) => [planKey(name, kind), { is: 'failed', reason: preview.reason }]);
  const plans = new Map([...model.plans, ...made].slice(-Math.max(PLANS_KEPT, made.length)));
  const next = isOurs
    ? preview.is === 'here'
      ? withPlan(model.fleet, dialog, preview.nodes)
      : { ...dialog, preview }
    : dialog;
  const ui = next === dialog ? model.ui : { ...model.ui, dialog: next };
  return { ...model, ui, plans };
}

/** The kinds of one machine, to go back and forth between; each is asked for again when it is opened. */
const PLANS_KEPT = 8;

async function loadAudit(port: ScreenPort, update: Update): Promise<void> {
  const result = await port.audit(500);
  update((model) => (result.ok ? { ...model, audit: result.value } : withToast(model, 'bad', result.error)));
}

async function loadServices(port: ScreenPort, update: Update, heard: () => void): Promise<void> {
  const result = await port.services();
  // A refusal is an answer too, but not of an engine that is there to be worked with.
  if (!result.ok) return;
  heard();
  update((model) =>
    JSON.stringify(model.services) === JSON.stringify(result.value) ? model : { ...model, services: result.value },
  );
}

async function loadLog(port: ScreenPort, source: string, update: Update, read: () => ScreenModel): Promise<void> {
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

async function copy(port: ScreenPort, deeds: TerminalDeeds, text: string, toast: Say): Promise<void> {
  if (text === '') return toast('note', 'nothing to copy here');
  if (deeds.copy(text)) return toast('good', `copied: ${text.slice(0, 60)}`);
  const saved = await saveFor(port, deeds, 'copied.txt', `${text}\n`);
  toast(saved.ok ? 'good' : 'bad', `this terminal cannot copy; ${saved.ok ? `saved to ${saved.value}` : saved.error}`);
}

async function exportTo(port: ScreenPort, wish: ExportWish, toast: Say): Promise<void> {
  toast('note', wish.is === 'packets' ? 'writing the packets ...' : 'writing the report ...');
  const written = await port.exportTo?.(wish);
  if (written === undefined) return toast('note', 'this session exports nothing: use crashcart export');
  toast(written.ok ? 'good' : 'bad', written.ok ? written.value : written.error);
}

async function openLog(
  port: ScreenPort,
  deeds: TerminalDeeds,
  model: ScreenModel,
  effect: Extract<UiEffect, { source: string }>,
  toast: Say,
): Promise<void> {
  const result = await port.log(effect.source, 0);
  const lines = result.ok ? result.value.lines : (model.logs.get(effect.source) ?? EMPTY_LOG).lines;
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

async function runFor(
  port: ScreenPort,
  deeds: TerminalDeeds,
  effect: Extract<UiEffect, { type: 'edit' | 'serial' }>,
  toast: Say,
): Promise<void> {
  if (effect.type === 'serial') return openConsole(port, deeds, effect.node, toast);
  const file = await port.nodeFile?.(effect.node);
  if (file === undefined) return toast('note', 'the inventory is on another host; edit it there');
  if (!file.ok) return toast('note', file.error);
  const problem = await deeds.runProgram(deeds.editorCommand(file.value));
  if (problem !== undefined) toast('bad', problem);
}

async function openConsole(port: ScreenPort, deeds: TerminalDeeds, node: string, toast: Say): Promise<void> {
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

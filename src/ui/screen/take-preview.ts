import type { PreviewKind } from '../../link/screen-port.ts';
import { previewOf, withPlan } from '../state/ask-action.ts';
import { type PlanState, planKey, type ScreenModel } from '../state/screen-model.ts';
import type { PreviewState } from '../state/ui-state.ts';

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

import { type ActionId, actionInfo } from '../keys/action-id.ts';
import { targetsOf } from '../select/fleet-view.ts';
import { nodeUnderCursor } from './move-cursor.ts';
import type { ScreenModel } from './screen-model.ts';
import { routeOf } from './ui-state.ts';

/** Whom an action means: the marked ones, or the one under the cursor. */
export function actionTargets(model: ScreenModel, action: ActionId): readonly string[] {
  if (!actionInfo(action).onNodes) return [];
  const route = routeOf(model.ui);
  const here = nodeUnderCursor(model);
  // The marks of another screen are out of sight, and must not be acted on.
  if (route.is === 'node' || route.is === 'plan') return targetsOf(model.fleet, [], route.node);
  const marks = route.is === 'jobs' ? model.ui.marks.filter((name) => model.view.jobs.includes(name)) : model.ui.marks;
  return targetsOf(model.fleet, marks, here);
}

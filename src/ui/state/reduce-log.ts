import type { LogLevel } from '../../link/screen-port.ts';
import type { ActionId } from '../keys/action-id.ts';
import { EMPTY_LOG, type LogBuffer, scrollLog, seekMatch } from './log-buffer.ts';
import type { ScreenModel } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { type LogView, routeOf } from './ui-state.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Keys of a log pane: scrolling leaves following, G catches up. */
export function reduceLog(model: ScreenModel, action: ActionId): ScreenModel {
  const { log } = model.ui;
  const buffer = shownLog(model);
  const put = (next: LogView): ScreenModel => ({ ...model, ui: { ...model.ui, log: next } });
  const page = Math.max(1, Math.floor(model.ui.size.rows / 3));
  switch (action) {
    case 'follow':
      return put({ ...log, follow: !log.follow, anchor: buffer.nextLine });
    case 'wrap':
      return put({ ...log, wrap: !log.wrap });
    case 'level':
      return put({ ...log, level: LEVELS[(LEVELS.indexOf(log.level) + 1) % LEVELS.length] ?? 'info' });
    case 'up':
      return put(scrollLog(buffer, log, -1));
    case 'down':
      return put(scrollLog(buffer, log, 1));
    case 'pageUp':
      return put(scrollLog(buffer, log, -page));
    case 'pageDown':
      return put(scrollLog(buffer, log, page));
    case 'first':
      return put({ ...log, follow: false, anchor: Math.min(buffer.nextLine, buffer.firstLine + page) });
    case 'last':
      return put({ ...log, follow: true });
    case 'matchOn':
    case 'matchBack':
      return seek(model, action === 'matchOn' ? 'newer' : 'older', put);
    default:
      return model;
  }
}

function seek(model: ScreenModel, direction: 'older' | 'newer', put: (next: LogView) => ScreenModel): ScreenModel {
  const { log } = model.ui;
  const found = seekMatch(shownLog(model), log, log.follow ? 'older' : direction);
  return found === undefined ? withToast(model, 'note', `no ${direction} line with "${log.search}"`) : put(found);
}

export function shownLog(model: ScreenModel): LogBuffer {
  const route = routeOf(model.ui);
  return model.logs.get(route.is === 'node' ? route.node : '*') ?? EMPTY_LOG;
}

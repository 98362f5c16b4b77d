import { nodeOf } from '../../core/fleet.ts';
import { renderClock } from '../format/duration.ts';
import { bringUpRack } from '../select/bring-up-view.ts';
import { exportCommand } from '../select/export-command.ts';
import { addressOf, lookOf, reasonOf } from '../select/node-look.ts';
import { shownList } from '../select/shown-list.ts';
import { linesInView } from './log-buffer.ts';
import { nodeUnderCursor } from './move-cursor.ts';
import { shownLog } from './reduce-log.ts';
import type { ScreenModel } from './screen-model.ts';
import { routeOf } from './ui-state.ts';

/** The line that the operator would paste into a ticket: of a log the last line in view, else the row under the cursor. */
export function copyText(model: ScreenModel): string {
  const route = routeOf(model.ui);
  if (route.is === 'node' || (route.is === 'services' && model.ui.pane === 'side')) {
    const last = linesInView(shownLog(model), model.ui.log, 1)[0]?.line;
    if (last !== undefined) return `${renderClock(last.at, model.session.zoneMinutes)} ${last.source} ${last.text}`;
  }
  if (route.is === 'bringUp') {
    const command = exportCommand(model, bringUpRack(model));
    if (command !== undefined) return command;
  }
  const node = nodeOf(model.fleet, nodeUnderCursor(model) ?? '');
  if (node !== undefined) {
    const mac = node.seen.mac ?? node.spec.identity.macs[0] ?? '';
    return [node.name, lookOf(node).word.trim(), addressOf(node), mac, reasonOf(node)]
      .filter((part) => part !== '')
      .join('  ');
  }
  const list = shownList(model);
  if (list?.name === 'audit') {
    const line = model.audit[list.cursor];
    return line === undefined ? '' : `${line.who} ${line.what} ${line.nodes.join(' ')}: ${line.outcome}`;
  }
  return list?.ids[list.cursor] ?? '';
}

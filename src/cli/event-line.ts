import { describeEvidence } from '../core/describe-event.ts';
import { rivalDoes } from '../core/describe-rival.ts';
import { EVIDENCE_FROM, type Event, isEvidence } from '../core/event.ts';
import { describeHalted } from '../core/halted-stranger.ts';
import { sleptText, steppedText } from '../core/host-clock.ts';
import type { LogLine } from '../core/ports.ts';
import { SITE_FILE } from '../core/site-file.ts';
import { describeUnassigned } from '../core/unassigned.ts';
import { unkeptText } from '../core/unkept.ts';
import { tellListens } from './service-state.ts';
import { IMAGES } from './watch-served.ts';

/** Transfers report several times a second, and DHCP and `/boot.ipxe` have lines of their own; the rest of what happens is worth one. */
const QUIET: ReadonlySet<Event['type']> = new Set([
  'loader.progressed',
  'image.progressed',
  'http.bootstrapAsked',
  'http.scriptAwaited',
  'http.answerSent',
  'bmc.powerRead',
  'dhcp.firmwareAsked',
  'dhcp.firmwareTook',
  'dhcp.ipxeAsked',
  'dhcp.osAsked',
  'dhcp.leftUnanswered',
]);

/** An event as a line of the service's log; undefined for what only moves a bar, or is told already. */
export function lineOf(event: Event): LogLine | undefined {
  if (QUIET.has(event.type)) return undefined;
  const line = (node: string, level: LogLine['level'], text: string): LogLine => ({
    at: event.time,
    node,
    source: 'engine',
    level,
    text,
  });
  if (isEvidence(event)) {
    const bad =
      event.type === 'bmc.failed' ||
      event.type === 'talos.failed' ||
      event.type === 'talos.configFailed' ||
      event.type === 'talos.panicked';
    return line(event.node, bad ? 'error' : 'info', `${EVIDENCE_FROM[event.type]}: ${describeEvidence(event)}`);
  }
  switch (event.type) {
    case 'store.failed':
      return line('', 'error', `NOT SAVING: ${event.reason}; nothing new is armed`);
    case 'store.ordersUnkept':
      return event.orders.length === 0 ? undefined : line('', 'error', unkeptText(event.orders, 200));
    case 'job.refused':
      return line(event.node, 'error', `not armed: it could not be stored: ${event.reason}`);
    case 'site.waveSaved':
      return undefined;
    case 'site.waveRefused':
      return line('', 'error', `wave ${event.wave} is refused: it could not be stored: ${event.reason}`);
    case 'store.recovered':
      return line('', 'info', 'saving again');
    case 'inventory.loaded':
      return line('', 'info', `inventory: ${event.nodes.length} machines`);
    case 'inventory.rejected': {
      const [first] = event.problems.filter((problem) => problem.severity === 'error');
      const place = first === undefined ? '' : `: ${first.file}:${first.line}:${first.column}: ${first.message}`;
      return line('', 'error', `the inventory has errors, the last good one stays in use${place}`);
    }
    case 'service.changed':
      if (event.state.is === 'ok' && event.state.warning !== undefined)
        return line('', 'warn', `${event.service}: ${event.state.warning}`);
      if (event.service === IMAGES && event.state.is === 'ok')
        return line('', 'info', 'images: what is served is on disk as it was stored again');
      if (event.service === SITE_FILE && event.state.is === 'ok')
        return line('', 'info', `${SITE_FILE}: it says again what this engine was started with; no restart is needed`);
      if (event.state.is === 'ok') return line('', 'info', tellListens(event.service, event.state.listens));
      return line('', event.state.is === 'failed' ? 'error' : 'info', `${event.service}: ${event.state.why}`);
    case 'clock.stepped':
      return line('', 'warn', steppedText(event));
    case 'clock.slept':
      return line('', 'warn', sleptText(event));
    case 'rival.heard':
      return line('', 'warn', `another DHCP server: ${event.server} ${rivalDoes(event)}`);
    case 'stranger.halted':
      return line('', 'info', describeHalted(event));
    case 'reports.unassigned':
      return line('', 'warn', describeUnassigned(event));
    default:
      if (event.type.startsWith('operator.') || event.type.startsWith('site.')) {
        const by = 'by' in event ? `${event.by.user}@${event.by.from}` : '';
        return line(
          'node' in event && typeof event.node === 'string' ? event.node : '',
          'info',
          `${by}: ${event.type}${'kind' in event ? ` ${event.kind}` : ''}`,
        );
      }
      return undefined;
  }
}

import type { BmcLogLine, BmcPort } from '../core/bmc.ts';
import { BMC_LOG_KEPT, bmcLineText } from '../core/bmc-log.ts';
import { cleanText } from '../core/clean-text.ts';
import type { BmcEffectParts, Emit } from './bmc-order.ts';

/** That it cannot be read is told, and is no failure of the job: the log was to explain one. */
export async function tellBmcLog(parts: BmcEffectParts, port: BmcPort, node: string, emit: Emit): Promise<void> {
  const log = await port.readLog(BMC_LOG_KEPT);
  const say = (level: 'info' | 'warn' | 'error', text: string) => parts.onLog?.(node, level, text);
  if (!log.ok) {
    if (log.error.code !== 'stopped') say('warn', `the log of its BMC cannot be read: ${log.error.message}`);
    return;
  }
  const lines = log.value.map(({ at, severity, text }): BmcLogLine => {
    const time = at === undefined ? Number.NaN : Date.parse(at);
    return {
      text: cleanText(text),
      ...(Number.isNaN(time) ? {} : { at: time }),
      ...(severity === undefined ? {} : { severity: cleanText(severity, 20) }),
    };
  });
  emit({ type: 'bmc.logRead', node, lines });
  // The oldest first, as in every log; the newest stands last.
  for (const line of lines.toReversed())
    say(LEVELS[line.severity?.toLowerCase() ?? ''] ?? 'info', `its log, ${bmcLineText(line, parts.now())}`);
}

const LEVELS: Readonly<Record<string, 'warn' | 'error'>> = { warning: 'warn', critical: 'error' };

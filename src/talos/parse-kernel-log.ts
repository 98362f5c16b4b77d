import { cleanText } from '../core/clean-text.ts';
import { fail, ok, type Result } from '../core/result.ts';

/** One JSON line (TCP) or datagram (UDP) of `talos.logging.kernel`. */
export interface KernelLogLine {
  /** Of the kernel ring. Dedupe on it within one boot. */
  readonly seq: number;
  /** Microseconds since boot; going backwards means a new boot. */
  readonly clockUs: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `kern` for the kernel itself; machined writes with `user` or `daemon` and the prefix `[talos]`. */
  readonly facility?: string;
  readonly text: string;
  /** The node's clock, milliseconds since 1970. */
  readonly atMs?: number;
}

export const KERNEL_LOG_LINE_MAX_BYTES = 1024 * 1024;
const TEXT_MAX_CHARS = 1000;

export function parseKernelLog(line: string): Result<KernelLogLine> {
  if (line.length > KERNEL_LOG_LINE_MAX_BYTES) return fail(`a log line of ${line.length} characters is too long`);
  const parsed = parseObject(line);
  if (parsed === undefined) return fail(`not a JSON log line: ${cleanText(line, 60) || 'no text'}`);
  const { msg, seq, clock, facility } = parsed;
  if (typeof msg !== 'string') return fail('a log line without msg');
  if (!isCount(seq)) return fail('a log line without seq');
  const at = parsed['talos-time'];
  const atMs = typeof at === 'string' && at.length < 64 ? Date.parse(at) : Number.NaN;
  return ok({
    seq,
    clockUs: isCount(clock) ? clock : 0,
    level: levelOf(parsed['talos-level'], parsed.priority),
    ...(typeof facility === 'string' ? { facility: cleanText(facility, 20) } : {}),
    text: cleanText(msg, TEXT_MAX_CHARS),
    ...(Number.isFinite(atMs) ? { atMs } : {}),
  });
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const LEVEL_OF_PRIORITY: Readonly<Record<string, KernelLogLine['level']>> = {
  emerg: 'error',
  alert: 'error',
  crit: 'error',
  err: 'error',
  warning: 'warn',
  debug: 'debug',
};

function levelOf(level: unknown, priority: unknown): KernelLogLine['level'] {
  const known = LEVELS.find((one) => one === level);
  if (known !== undefined) return known;
  return (typeof priority === 'string' ? LEVEL_OF_PRIORITY[priority] : undefined) ?? 'info';
}

/** For whoever plays a node. */
export function renderKernelLog(line: KernelLogLine): string {
  return JSON.stringify({
    msg: line.text,
    'talos-time': new Date(line.atMs ?? 0).toISOString(),
    'talos-level': line.level,
    facility: line.facility ?? 'user',
    seq: line.seq,
    clock: line.clockUs,
    priority: line.level === 'error' ? 'err' : line.level === 'warn' ? 'warning' : line.level,
  });
}

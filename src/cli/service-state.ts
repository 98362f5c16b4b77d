import type { ServiceState } from '../core/event.ts';
import type { Result } from '../core/result.ts';
import type { Radar } from '../servers/create-radar.ts';
import type { BootServer, ServerProblem } from '../servers/server-parts.ts';

/** A server names itself in what it says; wherever this is shown its name stands before it already. */
export const withoutName = (name: string, why: string): string =>
  why.startsWith(`${name}: `) ? why.slice(name.length + 2) : why;

/** How a start went, as everybody is told of it. */
export function stateOf(name: string, made: Result<BootServer, ServerProblem>): ServiceState {
  return made.ok
    ? { is: 'ok', listens: listensOf(made.value) }
    : { is: 'failed', why: withoutName(name, made.error.why), advice: made.error.advice };
}

/** Without ears it is off, and says why: silence would look as if the wire had been listened to. */
export function radarState(radar: Result<Pick<Radar, 'listens' | 'warnings'>, ServerProblem>): ServiceState {
  if (!radar.ok) return { is: 'off', why: withoutName('radar', radar.error.why) };
  const { listens, warnings } = radar.value;
  if (listens.length > 0) return { is: 'ok', listens: listensOf(radar.value) };
  return { is: 'off', why: warnings[0] ?? 'no network names an interface' };
}

const listensOf = ({ listens }: Pick<BootServer, 'listens'>): string =>
  listens.map((one) => `${one.address}:${one.port}`).join(', ');

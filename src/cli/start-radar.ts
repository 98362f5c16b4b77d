import type { Worker } from 'node:worker_threads';
import type { ServiceState } from '../core/event.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { createRadar, type Radar } from '../servers/create-radar.ts';
import type { RadarStart } from '../servers/radar-thread.ts';
import type { BootParts, BootServer } from '../servers/server-parts.ts';
import { inTurn } from './in-turn.ts';
import { radarState } from './service-state.ts';

export const RADAR = 'radar';

export interface RadarService {
  readonly heard: Radar['heard'];
  readonly restart: () => Promise<Result<string>>;
  /** No other one after this; the one that runs is among the servers. */
  readonly stop: () => Promise<void>;
}

const AGAIN_MS = 10_000;

/** Without the radar machines boot as well; that other servers are not seen is worth a line, and no end of the program. */
export async function startRadar(
  parts: Pick<BootParts, 'engine' | 'site' | 'onLog' | 'captures'>,
  running: Map<string, BootServer>,
  startThread?: (start: RadarStart) => Worker,
): Promise<RadarService> {
  let radar: Radar | undefined;
  let again: NodeJS.Timeout | undefined;
  let isStopping = false;
  const tell = (state: ServiceState) => {
    const known = parts.engine.fleet().services[RADAR];
    // The same trouble at each try is told once.
    if (state.is === 'failed' && JSON.stringify(known) === JSON.stringify(state)) return;
    parts.engine.emit({ type: 'service.changed', service: RADAR, state });
  };
  const onNews = (): void => {
    if (radar !== undefined && running.get(RADAR) === radar) tell(radarState(radar, parts.engine.fleet().simulated));
  };
  const onLost = (why: string): void => {
    running.delete(RADAR);
    tell({ is: 'failed', why, advice: `another one starts in ${AGAIN_MS / 1000} s` });
    later();
  };
  const later = (): void => {
    if (!isStopping) again = setTimeout(() => void turns.ask(), AGAIN_MS);
  };
  const begin = async (): Promise<ServiceState> => {
    clearTimeout(again);
    try {
      radar = await createRadar({ ...parts, onLost, onNews, ...(startThread === undefined ? {} : { startThread }) });
    } catch (error) {
      const state: ServiceState = {
        is: 'failed',
        why: `its thread cannot be started: ${error instanceof Error ? error.message : String(error)}`,
        advice: `the next try is in ${AGAIN_MS / 1000} s`,
      };
      tell(state);
      later();
      return state;
    }
    running.set(RADAR, radar);
    const state = radarState(radar, parts.engine.fleet().simulated);
    tell(state);
    return state;
  };
  /** What wishes for it comes from several sides in one moment: two at once would each start one, and one stay for ever. */
  const turns = inTurn(async (): Promise<Result<string>> => {
    if (isStopping) return fail('it is stopping');
    await running.get(RADAR)?.stop();
    running.delete(RADAR);
    const state = await begin();
    return ok(state.is === 'ok' ? `${RADAR} listens on ${state.listens}` : `${RADAR} is ${state.is}: ${state.why}`);
  });
  await turns.ask();
  return {
    heard: (...what) => radar?.heard(...what),
    restart: turns.ask,
    stop: async () => {
      isStopping = true;
      clearTimeout(again);
      await turns.ended();
    },
  };
}

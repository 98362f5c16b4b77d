import type { TalosStage } from '../core/event.ts';

/** What a node sends to the event sink, as types. Texts are cleaned; nothing is interpreted yet. */
export interface TalosEvent {
  /** Sortable within one boot, and the key for replays: delivery is at least once. */
  readonly id: string;
  readonly actorId?: string;
  /** The node's clock, to the second; it may be wrong before time sync. */
  readonly atMs?: number;
  readonly body: TalosEventBody;
}

export type TalosEventBody =
  | {
      readonly type: 'sequence';
      readonly sequence: string;
      readonly action: 'noop' | 'start' | 'stop';
      readonly error?: { readonly code: 'fatal' | 'locked' | 'canceled'; readonly message: string };
    }
  | { readonly type: 'phase'; readonly phase: string; readonly action: 'start' | 'stop' }
  | { readonly type: 'task'; readonly task: string; readonly action: 'start' | 'stop' }
  | {
      readonly type: 'service';
      readonly service: string;
      readonly action: ServiceAction;
      readonly message: string;
      readonly health?: { readonly unknown: boolean; readonly healthy: boolean; readonly lastMessage: string };
    }
  | { readonly type: 'restart'; readonly cmd: number }
  | { readonly type: 'configLoadError'; readonly message: string }
  | { readonly type: 'configValidationError'; readonly message: string }
  | { readonly type: 'address'; readonly hostName: string; readonly addresses: readonly string[] }
  | {
      readonly type: 'machineStatus';
      readonly stage: TalosStage;
      readonly ready: boolean;
      readonly unmet: readonly { readonly name: string; readonly reason: string }[];
    }
  /** A message or a value that this program does not know: answered OK, counted, not an error. */
  | { readonly type: 'other'; readonly typeUrl: string };

/** In the order of the wire: the index is the enum value. */
export const SERVICE_ACTIONS = [
  'initialized',
  'preparing',
  'waiting',
  'running',
  'stopping',
  'finished',
  'failed',
  'skipped',
  'starting',
] as const;
export type ServiceAction = (typeof SERVICE_ACTIONS)[number];

export const SEQUENCE_ACTIONS = ['noop', 'start', 'stop'] as const;
export const STEP_ACTIONS = ['start', 'stop'] as const;
export const ERROR_CODES = ['fatal', 'locked', 'canceled'] as const;
export const STAGES = [
  'unknown',
  'booting',
  'installing',
  'maintenance',
  'running',
  'rebooting',
  'shuttingDown',
  'resetting',
  'upgrading',
] as const satisfies readonly TalosStage[];

/** The Linux reboot commands (linux/reboot.h) that RestartEvent carries. */
export const REBOOT_COMMANDS = {
  restart: 0x01234567,
  restart2: 0xa1b2c3d4,
  kexec: 0x45584543,
  powerOff: 0x4321fedc,
  halt: 0xcdef0123,
} as const;

import type { TalosStage } from '../core/event.ts';
import { unreachable } from '../core/result.ts';
import { maskMessage } from './mask-text.ts';
import { REBOOT_COMMANDS, type ServiceAction, type TalosEvent, type TalosEventBody } from './talos-event.ts';

/** What an event says about the node. `noise` is understood and means nothing; the reason is kept. */
export type TalosFact =
  | { readonly kind: 'sequence'; readonly name: string; readonly action: 'start' | 'stop' }
  | {
      readonly kind: 'phase';
      /** In which sequence, where its START was seen. `boot` + `diskSizeCheck` may be an install of Talos 1.14. */
      readonly sequence?: string;
      readonly name: string;
      readonly action: 'start' | 'stop';
    }
  | { readonly kind: 'stage'; readonly stage: TalosStage; readonly ready: boolean; readonly unmet: readonly string[] }
  | { readonly kind: 'restart'; readonly how: 'kexec' | 'firmware' | 'off' }
  | { readonly kind: 'configFailed'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'maintenance' }
  | { readonly kind: 'halted' }
  | { readonly kind: 'addresses'; readonly hostName?: string; readonly addresses: readonly string[] }
  | {
      readonly kind: 'service';
      readonly service: string;
      readonly state: ServiceAction;
      readonly healthy?: boolean;
      readonly message: string;
    }
  | { readonly kind: 'noise'; readonly why: string };

const noise = (why: string): TalosFact => ({ kind: 'noise', why });

/** `inSequence`: the sequence that runs on this node now, see `sequenceAfter`. */
export function meaningOfEvent({ body }: Pick<TalosEvent, 'body'>, inSequence?: string): TalosFact {
  switch (body.type) {
    case 'sequence':
      return meaningOfSequence(body);
    case 'phase':
      return meaningOfPhase(body, inSequence);
    case 'task':
      return body.task === 'runningMaintenance' && body.action === 'start'
        ? { kind: 'maintenance' }
        : noise(`task ${body.task} ${body.action}`);
    case 'service':
      return {
        kind: 'service',
        service: body.service,
        state: body.action,
        ...(body.health === undefined || body.health.unknown ? {} : { healthy: body.health.healthy }),
        message: body.message,
      };
    case 'restart':
      return meaningOfRestart(body.cmd);
    case 'configLoadError':
    case 'configValidationError':
      return { kind: 'configFailed', message: maskMessage(body.message) };
    case 'address':
      return {
        kind: 'addresses',
        ...(body.hostName === '' ? {} : { hostName: body.hostName }),
        addresses: body.addresses,
      };
    case 'machineStatus':
      return { kind: 'stage', stage: body.stage, ready: body.ready, unmet: body.unmet.map(conditionText) };
    case 'other':
      return noise(`unknown message ${body.typeUrl}`);
    default:
      return unreachable(body);
  }
}

/** Phase events do not name their sequence: whoever follows a node carries this value along, one per connection. */
export function sequenceAfter(inSequence: string | undefined, { body }: Pick<TalosEvent, 'body'>): string | undefined {
  if (body.type !== 'sequence') return inSequence;
  if (body.action === 'start') return body.sequence;
  return body.sequence === inSequence ? undefined : inSequence;
}

function meaningOfSequence(body: Extract<TalosEventBody, { readonly type: 'sequence' }>): TalosFact {
  const { sequence, action, error } = body;
  if (error !== undefined) {
    // An intended reboot ends its sequence as FATAL "unix.Reboot(45584543)", right after the RestartEvent.
    if (error.message.includes('unix.Reboot(')) return noise('the sequence ended in the reboot it was for');
    if (error.code === 'canceled') return noise('another sequence took over');
    if (error.code === 'locked') return noise('another sequence is running');
    return {
      kind: 'failed',
      message: error.message === '' ? `sequence ${sequence} failed` : maskMessage(error.message),
    };
  }
  if (action === 'noop') return noise(`sequence ${sequence} had nothing to do`);
  // Talos runs `install` at every boot, with no phases when there is nothing to install: only its phase counts.
  if (sequence === 'install') return noise(`sequence install ${action}`);
  return { kind: 'sequence', name: sequence, action };
}

function meaningOfPhase(
  { phase, action }: Extract<TalosEventBody, { readonly type: 'phase' }>,
  inSequence: string | undefined,
): TalosFact {
  if (phase === 'haltIfInstalled') {
    return action === 'start' ? { kind: 'halted' } : noise('nothing is installed, no halt');
  }
  return { kind: 'phase', ...(inSequence === undefined ? {} : { sequence: inSequence }), name: phase, action };
}

function meaningOfRestart(cmd: number): TalosFact {
  switch (cmd) {
    case REBOOT_COMMANDS.kexec:
      return { kind: 'restart', how: 'kexec' };
    case REBOOT_COMMANDS.restart:
    case REBOOT_COMMANDS.restart2:
      return { kind: 'restart', how: 'firmware' };
    case REBOOT_COMMANDS.powerOff:
    case REBOOT_COMMANDS.halt:
      return { kind: 'restart', how: 'off' };
    default:
      return noise(`unknown restart command 0x${cmd.toString(16)}`);
  }
}

function conditionText({ name, reason }: { readonly name: string; readonly reason: string }): string {
  return reason === '' ? name : `${name}: ${reason}`;
}

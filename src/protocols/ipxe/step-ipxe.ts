import { ok, type Result } from '../../core/result.ts';
import { expandSettings } from './expand-settings.ts';
import type { IpxeAction, IpxeInput, IpxeMachine } from './ipxe-machine.ts';
import { runIpxeCommand } from './run-ipxe-command.ts';

/** Commands between two actions. A script that goes round without doing anything would hang the machine for ever. */
const MAX_COMMANDS = 10_000;

export type IpxeStepResult = readonly [machine: IpxeMachine, action: IpxeAction];

function end(machine: IpxeMachine, action: IpxeAction): IpxeStepResult {
  return [{ ...machine, over: true, pending: undefined }, action];
}

function failAt(machine: IpxeMachine, reason: string): IpxeStepResult {
  const number = machine.program.lines[machine.line]?.number;
  return end(machine, { kind: 'exit', status: 1, reason: number === undefined ? reason : `line ${number}: ${reason}` });
}

/** How the firmware's answer changes what is known. */
function settle(machine: IpxeMachine, input: IpxeInput): IpxeMachine {
  const { pending } = machine;
  const idle: IpxeMachine = { ...machine, pending: undefined };
  if (pending === undefined || input.kind === 'start') return idle;
  const next = { ...idle, command: machine.command + 1 };
  if (input.kind === 'failed') return { ...next, failure: input.reason };
  const settings = new Map([...machine.settings, ...(input.settings ?? [])]);
  const done = { ...next, failure: undefined, settings };
  if (pending.kind !== 'fetch') return done;
  const images = [...machine.images, pending.image];
  return { ...done, images, selected: pending.image.kind === 'kernel' ? pending.image.name : machine.selected };
}

function expandAll(words: readonly string[], settings: ReadonlyMap<string, string>): Result<readonly string[]> {
  const expanded: string[] = [];
  for (const word of words) {
    const one = expandSettings(word, settings);
    if (!one.ok) return one;
    expanded.push(one.value);
  }
  return ok(expanded);
}

/** Runs until the firmware has something to do. The same machine and input always give the same. */
export function stepIpxe(machine: IpxeMachine, input: IpxeInput): IpxeStepResult {
  if (machine.over) return [machine, { kind: 'exit', status: 0 }];
  let now = settle(machine, input);
  for (let count = 0; count < MAX_COMMANDS; count += 1) {
    const line = now.program.lines[now.line];
    if (line === undefined) return end(now, { kind: 'exit', status: 0 });
    const command = line.commands[now.command];
    if (command === undefined) {
      // A line whose last command failed ends the script.
      if (now.failure !== undefined) return failAt(now, now.failure);
      now = { ...now, line: now.line + 1, command: 0 };
      continue;
    }
    if (command.when !== 'always' && (command.when === 'onSuccess') !== (now.failure === undefined)) {
      now = { ...now, command: now.command + 1 };
      continue;
    }
    const words = expandAll(command.words, now.settings);
    if (!words.ok) return failAt(now, words.error);
    const outcome = runIpxeCommand(now, words.value);
    if (outcome.action?.kind === 'exit') return end(now, outcome.action);
    if (outcome.action !== undefined) return [{ ...now, pending: outcome.action }, outcome.action];
    now = { ...now, ...outcome.change, failure: outcome.failure, command: now.command + 1 };
    if (outcome.goTo !== undefined) now = { ...now, line: outcome.goTo, command: 0 };
  }
  return failAt(now, `${MAX_COMMANDS} commands without doing anything: the script goes round in a loop`);
}

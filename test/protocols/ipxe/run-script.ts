import type { IpxeAction, IpxeInput } from '../../../src/protocols/ipxe/ipxe-machine.ts';
import { createIpxeMachine } from '../../../src/protocols/ipxe/ipxe-machine.ts';
import { parseIpxe } from '../../../src/protocols/ipxe/parse-ipxe.ts';
import { stepIpxe } from '../../../src/protocols/ipxe/step-ipxe.ts';

export const machineSettings: ReadonlyMap<string, string> = new Map([
  ['uuid', '56d96de7-4f69-5b62-98b5-82a7fec58d7a'],
  ['serial', 'LAB 189003'],
  ['buildarch', 'x86_64'],
  ['platform', 'efi'],
  ['net0/mac', '52:54:00:1a:bd:03'],
]);

export function show(action: IpxeAction): string {
  switch (action.kind) {
    case 'fetch':
      return `fetch ${action.image.kind} ${action.image.name} ${action.image.url} [${action.image.args}]`;
    case 'boot':
      return `boot ${action.kernel.name} [${action.kernel.args}] with ${action.initrds.map((one) => one.name).join(',')}`;
    case 'chain':
      return `chain ${action.url}${action.replace ? ' replace' : ''}`;
    case 'exit':
      return `exit ${action.status}${action.reason === undefined ? '' : ` because ${action.reason}`}`;
    default:
      return Object.values(action).join(' ');
  }
}

/** Runs a script against a world that answers; everything it asked for, in order. */
export function runScript(
  text: string,
  answer: (action: IpxeAction) => IpxeInput = () => ({ kind: 'done' }),
  settings: ReadonlyMap<string, string> = machineSettings,
): readonly string[] {
  const program = parseIpxe(text);
  if (!program.ok) return [`no script: ${program.error}`];
  const seen: string[] = [];
  let machine = createIpxeMachine(program.value, settings);
  let input: IpxeInput = { kind: 'start' };
  for (let count = 0; count < 200; count += 1) {
    const [next, action] = stepIpxe(machine, input);
    machine = next;
    seen.push(show(action));
    if (action.kind === 'exit' || action.kind === 'reboot') return seen;
    input = answer(action);
  }
  return [...seen, 'and so on'];
}

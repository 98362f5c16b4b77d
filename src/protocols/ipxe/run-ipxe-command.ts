import { cleanText } from '../../core/clean-text.ts';
import type { IpxeAction, IpxeImage, IpxeMachine } from './ipxe-machine.ts';

/** What one command did at once, or what it needs done. `goTo`: a line index. */
export interface IpxeOutcome {
  readonly change?: Partial<IpxeMachine>;
  readonly failure?: string;
  readonly action?: IpxeAction;
  readonly goTo?: number;
}

const OPTIONS_WITH_VALUE = new Set(['--name', '-n', '--drive', '-d', '--timeout', '-t', '--configurator', '-c']);

/** Like getopt in iPXE: options end at the first word that is none. */
function splitOptions(words: readonly string[]): { options: ReadonlyMap<string, string>; rest: readonly string[] } {
  const options = new Map<string, string>();
  let at = 0;
  for (; at < words.length && (words[at] ?? '').startsWith('-'); at += 1) {
    const [name = '', value] = (words[at] ?? '').split('=', 2);
    if (value !== undefined) options.set(name, value);
    else if (OPTIONS_WITH_VALUE.has(name)) {
      at += 1;
      options.set(name, words[at] ?? '');
    } else options.set(name, '');
  }
  return { options, rest: words.slice(at) };
}

/** The image is called by the last part of its path unless it has a name. */
function nameOf(url: string): string {
  return url.split('?')[0]?.split('/').at(-1) ?? '';
}

function runFetch(kind: IpxeImage['kind'], words: readonly string[]): IpxeOutcome {
  const { options, rest } = splitOptions(words);
  const [url, ...args] = rest;
  if (url === undefined) return { failure: `${kind} without a URL` };
  const name = options.get('--name') ?? options.get('-n') ?? nameOf(url);
  return { action: { kind: 'fetch', image: { name, url, kind, args: args.join(' ') } } };
}

function runBoot(machine: IpxeMachine): IpxeOutcome {
  const kernel = machine.images.find((one) => one.name === machine.selected);
  if (kernel === undefined) return { failure: 'boot without a kernel' };
  const initrds = machine.images.filter((one) => one !== kernel);
  return { action: { kind: 'boot', kernel, initrds } };
}

const MAX_VALUE = 16 * 1024;
const MAX_SETTINGS = 1_000;

function runSet(machine: IpxeMachine, words: readonly string[]): IpxeOutcome {
  const [name = '', ...value] = words;
  if (name === '') return { failure: 'set without a name' };
  const text = value.join(' ');
  // A script that doubles a value in a loop has the memory of the machine in thirty rounds.
  if (text.length > MAX_VALUE || machine.settings.size > MAX_SETTINGS) return { failure: 'set: out of memory' };
  const settings = new Map(machine.settings).set(name.split(':')[0] ?? '', text);
  return { change: { settings } };
}

function runInc(machine: IpxeMachine, [name = '', by = '1']: readonly string[]): IpxeOutcome {
  const sum = Number(machine.settings.get(name) ?? '0') + Number(by);
  if (!Number.isSafeInteger(sum)) return { failure: `inc: ${cleanText(name, 40)} is no number` };
  return { change: { settings: new Map(machine.settings).set(name, String(sum)) } };
}

function runClear(machine: IpxeMachine, [name = '']: readonly string[]): IpxeOutcome {
  const settings = new Map(machine.settings);
  settings.delete(name.split(':')[0] ?? '');
  return { change: { settings } };
}

function runSeconds([text = '']: readonly string[]): IpxeOutcome {
  return /^[0-9]{1,6}$/.test(text)
    ? { action: { kind: 'sleep', seconds: Number(text) } }
    : { failure: 'sleep without a number of seconds' };
}

function runSanboot(words: readonly string[]): IpxeOutcome {
  const { options } = splitOptions(words);
  const drive = Number(options.get('--drive') ?? options.get('-d') ?? '0x80');
  return Number.isInteger(drive) ? { action: { kind: 'sanboot', drive } } : { failure: 'sanboot: no such drive' };
}

function runChain(words: readonly string[]): IpxeOutcome {
  const { options, rest } = splitOptions(words);
  const url = rest[0];
  if (url === undefined) return { failure: 'chain without a URL' };
  return { action: { kind: 'chain', url, replace: options.has('--replace') || options.has('-r') } };
}

function runGoto(machine: IpxeMachine, [label = '']: readonly string[]): IpxeOutcome {
  const line = machine.program.labels.get(label);
  return line === undefined ? { failure: `no label "${cleanText(label, 60)}"` } : { goTo: line };
}

/** One command with its words expanded. The empty command is what the lone `||` at a line's end runs. */
export function runIpxeCommand(machine: IpxeMachine, words: readonly string[]): IpxeOutcome {
  const [name, ...rest] = words;
  switch (name) {
    case undefined:
      return {};
    case 'echo':
      return { action: { kind: 'echo', text: cleanText(rest.join(' ')) } };
    case 'set':
      return runSet(machine, rest);
    case 'clear':
      return runClear(machine, rest);
    case 'inc':
      return runInc(machine, rest);
    case 'goto':
      return runGoto(machine, rest);
    case 'iseq':
      return rest.length === 2 && rest[0] === rest[1] ? {} : { failure: 'iseq: not equal' };
    case 'isset':
      return rest.length === 1 && rest[0] !== '' ? {} : { failure: 'isset: not set' };
    case 'ifopen':
    case 'dhcp':
      return { action: { kind: name, device: splitOptions(rest).rest[0] } };
    case 'imgfree':
      return { change: { images: [], selected: undefined } };
    case 'kernel':
    case 'initrd':
    case 'imgfetch':
      return runFetch(name, rest);
    case 'chain':
      return runChain(rest);
    case 'boot':
      return runBoot(machine);
    case 'sanboot':
      return runSanboot(rest);
    case 'sleep':
      return runSeconds(rest);
    case 'reboot':
    case 'shell':
      return { action: { kind: name } };
    case 'exit':
      return { action: { kind: 'exit', status: Number.parseInt(rest[0] ?? '0', 10) || 0 } };
    default:
      return { failure: `unknown command "${cleanText(name, 60)}"` };
  }
}

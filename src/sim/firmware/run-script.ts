import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result, unreachable } from '../../core/result.ts';
import type { IpxeAction, IpxeImage, IpxeInput } from '../../protocols/ipxe/ipxe-machine.ts';
import { createIpxeMachine, type IpxeMachine } from '../../protocols/ipxe/ipxe-machine.ts';
import { parseIpxe } from '../../protocols/ipxe/parse-ipxe.ts';
import { stepIpxe } from '../../protocols/ipxe/step-ipxe.ts';
import { findBootDisk } from '../machine/sim-disk.ts';
import type { BootEnd } from '../machine/sim-host.ts';
import type { HttpFetched } from '../wire/fetch-http.ts';
import { type IpxeWorld, settingsOf } from './ipxe-world.ts';
import { readLoaderMark } from './loader-mark.ts';

export interface ScriptRunner {
  runUrl(url: string): Promise<BootEnd>;
  runText(text: string, name: string): Promise<BootEnd>;
}

/** How a script within a script ended: with a status, or by taking the machine with it. */
type ScriptEnd = { readonly is: 'exit'; readonly status: number } | { readonly is: 'gone'; readonly end: BootEnd };

const MAX_DEPTH = 8;
/** ExitBootServices, decompression, the kernel's own start. */
const HAND_OVER_MS = [1_500, 3_500] as const;
/** Share of the initramfs that a machine takes whose download stalls. */
const STALLS_AT = 0.2;
const done: IpxeInput = { kind: 'done' };
const failedBy = (reason: string): IpxeInput => ({ kind: 'failed', reason });

/** Executes what our servers wrote, command by command, in the interpreter that the tests of the scripts use too. */
export function createScriptRunner(world: IpxeWorld): ScriptRunner {
  const { run, host, kind } = world;
  const sizes = new Map<string, number>();

  const fetchFile = async (url: string, image?: IpxeImage): Promise<Result<HttpFetched>> => {
    if (image?.kind === 'initrd' && host.spend('downloadStalls')) return stall(url);
    const paced = image === undefined ? {} : { bytesPerSecond: host.bytesPerSecond() };
    const got = await world.http().fetch({ url, ...paced });
    if (!got.ok) return got;
    return got.value.status === 200 ? got : fail(`HTTP ${got.value.status}`);
  };

  /**
   * Takes the beginning and then nothing more for good, as a wedged NIC does. It asks for no more either: the buffers of
   * TCP are larger than small images, which would have gone out whole to the server.
   */
  const stall = async (url: string): Promise<Result<HttpFetched>> => {
    const whole = await world.http().fetch({ url, method: 'HEAD' });
    if (!whole.ok) return whole;
    const firstBytes = Math.ceil(whole.value.sizeBytes * STALLS_AT);
    await world.http().fetch({ url, bytesPerSecond: host.bytesPerSecond(), firstBytes });
    return (await run.wait<never>(undefined, () => () => undefined)) ?? fail('no more came');
  };

  const runFetch = async (action: IpxeAction & { readonly kind: 'fetch' }): Promise<IpxeInput> => {
    const got = await fetchFile(action.image.url, action.image);
    if (!got.ok) {
      host.note(`iPXE: ${action.image.name}: ${got.error}`);
      return failedBy(got.error);
    }
    host.note(`iPXE: ${action.image.name}... ok, ${got.value.sizeBytes} bytes`);
    sizes.set(action.image.name, got.value.sizeBytes);
    return done;
  };

  /** A program that was fetched and is no script: our own loader again, an EFI program, or nothing that can run. */
  const runProgram = async (file: HttpFetched, url: string): Promise<ScriptEnd | IpxeInput> => {
    const isLoader = readLoaderMark(file.body) !== undefined;
    const isEfi = kind.mode === 'uefi' && file.body.toString('latin1', 0, 2) === 'MZ';
    if (!isLoader && !isEfi) return failedBy('Exec format error');
    host.note(`iPXE: starting ${url}`);
    return { is: 'gone', end: { is: 'stopped', why: `running ${url}` } };
  };

  const runChain = async (
    action: IpxeAction & { readonly kind: 'chain' },
    machine: IpxeMachine,
    depth: number,
  ): Promise<ScriptEnd | IpxeInput> => {
    if (depth > MAX_DEPTH) return failedBy('too many scripts within scripts');
    const got = await fetchFile(action.url);
    if (!got.ok) return failedBy(got.error);
    const text = got.value.body.toString();
    if (!text.startsWith('#!ipxe')) return runProgram(got.value, action.url);
    // What takes the place of another is in none: a script that is put off may ask for as long as it has to.
    if (action.replace) return runScript(text, action.url, machine.settings, depth);
    const end = await runScript(text, action.url, machine.settings, depth + 1);
    if (end.is === 'gone') return end;
    return end.status === 0 ? done : failedBy(`status ${end.status}`);
  };

  const answer = async (
    action: Exclude<IpxeAction, { readonly kind: 'exit' }>,
    machine: IpxeMachine,
    depth: number,
  ): Promise<ScriptEnd | IpxeInput> => {
    switch (action.kind) {
      case 'echo':
        host.note(`iPXE: ${action.text}`);
        return done;
      case 'fetch':
        return runFetch(action);
      case 'chain':
        return runChain(action, machine, depth);
      case 'ifopen':
        return world.lease() === undefined ? failedBy('Network unreachable') : done;
      case 'dhcp': {
        const lease = await world.dhcp();
        return lease === undefined
          ? failedBy('No configuration methods succeeded')
          : { kind: 'done', settings: settingsOf(world) };
      }
      case 'boot': {
        await run.sleep(host.random.between(HAND_OVER_MS[0], HAND_OVER_MS[1]));
        const sizeBytes = [action.kernel, ...action.initrds].reduce((sum, one) => sum + (sizes.get(one.name) ?? 0), 0);
        return { is: 'gone', end: { is: 'linux', args: action.kernel.args, sizeBytes } };
      }
      case 'sanboot':
        return kind.mode === 'bios' && findBootDisk(host.disks, 'bios') !== undefined
          ? { is: 'gone', end: { is: 'disk' } }
          : failedBy('Could not boot from SAN device');
      case 'sleep':
        await run.sleep(action.seconds * 1_000);
        return done;
      case 'reboot':
        return { is: 'gone', end: { is: 'reset' } };
      case 'shell':
        return { is: 'gone', end: { is: 'stopped', why: 'iPXE> ' } };
      default:
        return unreachable(action);
    }
  };

  const runScript = async (
    text: string,
    name: string,
    settings: ReadonlyMap<string, string>,
    depth: number,
  ): Promise<ScriptEnd> => {
    const program = parseIpxe(text);
    if (!program.ok) {
      host.note(`iPXE: ${cleanText(name, 80)}: ${program.error}`);
      return { is: 'exit', status: 1 };
    }
    let machine = createIpxeMachine(program.value, settings);
    let input: IpxeInput = { kind: 'start' };
    for (;;) {
      const [next, action] = stepIpxe(machine, input);
      machine = next;
      if (action.kind === 'exit') {
        if (action.reason !== undefined) host.note(`iPXE: ${action.reason}`);
        return { is: 'exit', status: action.status };
      }
      const result = await answer(action, machine, depth);
      if ('is' in result) return result;
      input = result;
    }
  };

  const settle = (end: ScriptEnd): BootEnd => {
    if (end.is === 'gone') return end.end;
    // UEFI takes 0 as success and shows its menu for ever; anything else goes on with the next boot entry.
    if (end.status === 0 && kind.mode === 'uefi') return { is: 'stopped', why: 'the firmware shows its menu' };
    return { is: 'next', why: `iPXE left with ${end.status}` };
  };

  return {
    async runUrl(url) {
      const got = await fetchFile(url);
      if (!got.ok) {
        host.note(`iPXE: ${cleanText(url, 80)}: ${got.error}`);
        return { is: 'next', why: `iPXE: ${got.error}` };
      }
      const text = got.value.body.toString();
      if (text.startsWith('#!ipxe')) return settle(await runScript(text, url, settingsOf(world), 0));
      const end = await runProgram(got.value, url);
      return 'is' in end ? settle(end) : { is: 'next', why: 'iPXE: Exec format error' };
    },
    async runText(text, name) {
      const checked = text.startsWith('#!ipxe') ? ok(text) : fail('no script');
      if (!checked.ok) return { is: 'next', why: `iPXE: ${name}: ${checked.error}` };
      return settle(await runScript(text, name, settingsOf(world), 0));
    },
  };
}

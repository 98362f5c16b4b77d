import type { Rendered } from '../core/ports.ts';
import { isOfAJob } from '../core/reserved-argument.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Firmware } from '../core/spec.ts';
import type { IpxeStep } from '../protocols/ipxe/ipxe-step.ts';
import { renderIpxe } from '../protocols/ipxe/render-ipxe.ts';
import type { LocalManner } from './local-manner.ts';
import { scriptUrl } from './script-query.ts';

/** Waits between attempts in the script itself: a server that restarts is back within them. */
const RETRY_SECONDS = [1, 2, 4, 8, 15, 30];
/** Linux of x86 cuts its command line at 2048 without a word. */
const MAX_ARGS = 2040;
const INITRD_NAME = 'initramfs.img';

/** On UEFI status 0 ends in the firmware's menu for ever; 1 goes on with the next boot entry. On BIOS 0 is enough. */
const exitStep = (firmware: Firmware | undefined): IpxeStep => ({ do: 'exit', status: firmware === 'bios' ? 0 : 1 });

/** The end of every script that could not do its work: the machine goes on as if there had been no network. */
function fallThrough(firmware: Firmware | undefined): IpxeStep[] {
  return [
    { do: 'label', name: 'local' },
    { do: 'echo', text: 'crashcart: going on to the next boot device' },
    exitStep(firmware),
  ];
}

/** `/boot.ipxe`: the same for every machine; it asks for the script of this one with all that it knows of itself. */
export function renderBootstrap(base: string): Result<string> {
  return renderIpxe(askForScript(base));
}

const PUT_OFF_SECONDS = 3;

/** For a boot that is about to be cut; where it is not, it asks again and goes on. */
export function renderWaitScript(base: string, who: string, reason: string): Result<string> {
  return renderIpxe([
    { do: 'echo', text: `crashcart: ${who}: wait` },
    { do: 'echo', text: reason },
    { do: 'sleep', seconds: PUT_OFF_SECONDS },
    ...askForScript(base),
  ]);
}

function askForScript(base: string): IpxeStep[] {
  return [
    {
      do: 'retry',
      name: 'script',
      step: { do: 'chain', url: scriptUrl(base), replace: true },
      waitsSeconds: RETRY_SECONDS,
      orElse: 'local',
    },
    { do: 'label', name: 'local' },
    { do: 'echo', text: 'crashcart: no boot script could be had; going on to the next boot device' },
    { do: 'exit', status: 1 },
  ];
}

export function renderLocalScript(
  manner: LocalManner,
  firmware: Firmware | undefined,
  who: string,
  reason: string,
): Result<string> {
  const head: IpxeStep[] = [
    { do: 'echo', text: `crashcart: ${who}: boot the local disk` },
    { do: 'echo', text: reason },
  ];
  if (manner !== 'sanboot') return renderIpxe([...head, exitStep(firmware)]);
  return renderIpxe([...head, { do: 'sanboot', drive: 0x80, orElse: 'local' }, ...fallThrough(firmware)]);
}

export interface BootImages {
  readonly kernelUrl: string;
  readonly initrdUrl?: string;
  readonly args: readonly string[];
  /** The last fetch before the kernel starts. */
  readonly beaconUrl?: string;
}

export function renderBootScript(
  who: string,
  what: string,
  images: BootImages,
  firmware: Firmware | undefined,
): Result<string> {
  const { kernelUrl, initrdUrl, beaconUrl } = images;
  // EFI kernels started by iPXE of 2019 find their initramfs only by this name; later ones ignore it.
  const args = initrdUrl !== undefined && firmware !== 'bios' ? [...images.args, `initrd=${INITRD_NAME}`] : images.args;
  if (args.join(' ').length > MAX_ARGS) return fail(`the kernel command line has more than ${MAX_ARGS} bytes`);
  const fetch = (name: string, step: Extract<IpxeStep, { readonly do: 'kernel' | 'initrd' }>): IpxeStep => ({
    do: 'retry',
    name,
    step,
    waitsSeconds: RETRY_SECONDS,
    orElse: 'local',
  });
  return renderIpxe([
    { do: 'echo', text: `crashcart: ${who}: ${what}` },
    { do: 'imgfree' },
    fetch('kernel', { do: 'kernel', url: kernelUrl, name: 'kernel', args }),
    ...(initrdUrl === undefined ? [] : [fetch('initrd', { do: 'initrd', url: initrdUrl, name: INITRD_NAME })]),
    // Run and dropped at once: a fetched image that stayed would be handed to the kernel as one more initramfs.
    ...(beaconUrl === undefined
      ? []
      : [
          { do: 'chain', url: beaconUrl, autofree: true, orElse: 'start' } as const,
          { do: 'label', name: 'start' } as const,
        ]),
    { do: 'boot', orElse: 'local' },
    ...fallThrough(firmware),
  ]);
}

export type ScriptStage = 'install' | 'wipe' | 'inspect' | 'rescue' | 'discover';

/** What each stage adds to the plan's arguments, and what it leaves out. */
export function argsFor(
  stage: ScriptStage,
  rendered: Rendered,
  base: string,
  token: string,
): Result<readonly string[]> {
  const talos = rendered.plan.version !== undefined;
  if (stage === 'wipe' && !talos) return fail('only Talos can wipe a disk: arm this profile as install');
  // With Secure Boot off the stub would take ours for the whole command line, in the place of the one that is baked in.
  if (rendered.plan.uki === true) return stage === 'wipe' ? fail('a UKI takes no argument, so it cannot wipe') : ok([]);
  const withConfig = stage === 'install' || stage === 'rescue';
  const host = new URL(base).hostname;
  const args = rendered.plan.kernelArgs
    .filter((arg) => withConfig || !arg.startsWith('talos.config='))
    // A wipe is for the stage below to give; an installer that is not Talos is armed with all that it says.
    .filter((arg) => !isOfAJob(arg) || (!talos && stage === 'install'))
    .map((arg) =>
      arg.replaceAll('http://{server}/', `${base}/`).replaceAll('{server}', host).replaceAll('{token}', token),
    );
  if (!talos) return ok(args);
  return ok(stage === 'wipe' ? [...args, 'talos.experimental.wipe=system'] : halting(args));
}

const HALT = 'talos.halt_if_installed=1';

/**
 * Rule 4: whatever is on its disks, an installation never overwrites a Talos that is there. Nor is that one started by
 * what is to write nothing: with the configuration on its disk it would run, and write, under our version.
 */
const halting = (args: readonly string[]): readonly string[] => (args.includes(HALT) ? args : [...args, HALT]);

/** For a stranger: neither a configuration nor what would write. */
export function discoveryArgs(args: readonly string[], base: string): readonly string[] {
  const host = new URL(base).hostname;
  return halting(
    args
      .map((arg) => arg.replaceAll('{server}', host))
      .filter((arg) => !isOfAJob(arg) && !arg.startsWith('talos.config=')),
  );
}

/** Where a name stands: `{node}` or, as in cloud-init, `{{node}}`. `${mac}` is a setting of iPXE and stays one. */
const WORD = /\{\{([A-Za-z]+)\}\}|(?<![${])\{([a-z]+)\}/g;

/** What an own script takes, and iPXE knows nothing of. */
export const TEMPLATE_WORDS = ['base', 'mac', 'node', 'server', 'token'] as const;

/** `{serial}`, `{net0/mac}`: nothing is put in their place. It may be meant so. */
const LIKE_WORD = /(?<![${])\{([A-Za-z][\w/.-]*)\}(?!\})/g;

/** What looks like a name to be filled in, and goes out as it stands; `at` counts characters. */
export function unfilledWords(template: string): readonly { readonly text: string; readonly at: number }[] {
  const known: ReadonlySet<string> = new Set(TEMPLATE_WORDS);
  return [...template.matchAll(LIKE_WORD)].flatMap(({ 0: text, 1: name = '', index }) =>
    known.has(name) ? [] : [{ text, at: index }],
  );
}

/** A profile's own script. Only these names are replaced, and only by values that can be no command. */
export function renderTemplate(template: string, values: Readonly<Record<string, string>>): Result<string> {
  if (!/^#!ipxe\s*\n/.test(template)) return fail('the template does not begin with #!ipxe');
  for (const [name, value] of Object.entries(values)) {
    if (!/^[A-Za-z0-9._:/?&=@%+-]*$/.test(value)) return fail(`the value of {${name}} cannot stand in a script`);
  }
  // Two braces mean nothing to iPXE: what stands in them was meant to be filled in.
  const unknown = [...template.matchAll(WORD)].find(
    ([, double]) => double !== undefined && !Object.hasOwn(values, double),
  );
  if (unknown !== undefined)
    return fail(`the template says ${unknown[0]}: a script takes {${Object.keys(values).sort().join('}, {')}}`);
  return ok(
    template.replace(WORD, (whole, double: string | undefined, single: string | undefined) => {
      const name = double ?? single ?? '';
      return Object.hasOwn(values, name) ? (values[name] ?? '') : whole;
    }),
  );
}

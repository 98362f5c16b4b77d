/** Ours alone: Talos takes the first occurrence, and a wipe that stays on the line never ends. */
const RESERVED: ReadonlySet<string> = new Set([
  'talos.config',
  'talos.config.early',
  'talos.config.inline',
  'talos.events.sink',
  'talos.logging.kernel',
  'talos.halt_if_installed',
  'talos.experimental.wipe',
]);

/** Of these one boot is given what it may have, by the gate; in an image they would be for whoever boots it. */
const OF_A_JOB: ReadonlySet<string> = new Set(['talos.config.early', 'talos.config.inline', 'talos.experimental.wipe']);

/** Linux takes quotes off, and a leading `-` is an operator's "without this one". */
const keyOf = (arg: string): string => arg.replace(/^["'-]+/, '').split('=', 1)[0] ?? arg;

export const isReserved = (arg: string): boolean => RESERVED.has(keyOf(arg));

/** Would write a disk, or bring a configuration that nobody armed. */
export const isOfAJob = (arg: string): boolean => OF_A_JOB.has(keyOf(arg));

/** Of several the first counts: each must be ours. */
const isOtherPlatform = (arg: string): boolean =>
  keyOf(arg) === 'talos.platform' && arg.replace(/["']/g, '') !== 'talos.platform=metal';

/** On another platform Talos takes its configuration from elsewhere, and installs what that says. */
export function whyOtherPlatform(args: readonly string[]): string | undefined {
  const other = args.find(isOtherPlatform);
  return other === undefined
    ? undefined
    : `it says "${shown(other)}", and on that platform Talos takes its configuration from elsewhere: write talos.platform=metal`;
}

/** Why this is no command line for an image, which anybody may be sent; undefined: it is one. */
export const whyNoCmdline = (text: string): string | undefined => whyNot(text, isReserved);

/**
 * The same of a line that is part of a signed image. Nothing can be added to that one, so it may say where Talos reports
 * to; the configuration is applied when the machine is up.
 */
export const whyNoBakedCmdline = (text: string): string | undefined =>
  whyNot(text, (arg) => isOfAJob(arg) || (keyOf(arg) === 'talos.config' && !/=["']?none["']?$/.test(arg)));

function whyNot(text: string, isBad: (arg: string) => boolean): string | undefined {
  const args = text.split(/[\s\0]+/);
  const bad = args.find(isBad);
  if (bad === undefined) return whyOtherPlatform(args);
  return `it holds "${shown(bad)}", which this program alone sets, for one boot of a machine that was armed: take it out (of the schematic, if it is the factory's)`;
}

const shown = (arg: string): string => arg.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);

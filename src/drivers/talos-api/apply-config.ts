import { fail, ok, type Result } from '../../core/result.ts';
import { diskWritersOf } from '../../talos/disk-writers.ts';
import type { TalosHardware } from '../../talos/hardware.ts';
import type { TalosApi } from './open-talos-api.ts';

export interface ApplyWish {
  readonly node: string;
  /** Of the text that was confirmed. */
  readonly configHash: string;
  readonly job?: string;
  readonly attempt?: number;
}

/** Gives the text, or why it may not go out; `hardware` where the machine was looked at for the purpose. */
export type ConfigSource = (wish: ApplyWish, hardware?: TalosHardware) => Promise<Result<string>>;

/**
 * To a node that runs from its disk. Never writes one: Talos must be installed there, the parts of the configuration
 * that make or format volumes must be those that it has already, and what needs a reboot is refused by Talos.
 */
export async function applyToRunning(api: TalosApi, wish: ApplyWish, source: ConfigSource): Promise<Result<void>> {
  const disk = await api.systemDisk();
  if (!disk.ok) return fail(`where Talos is installed cannot be read: ${disk.error.message}`);
  if (disk.value === undefined)
    return fail('Talos runs from memory there: a configuration that installs would write a disk');
  const text = await source(wish);
  if (!text.ok) return text;
  const wanted = diskWritersOf(text.value);
  const current = await api.configuration();
  if (!current.ok) return fail(`the configuration that it runs with cannot be read: ${current.error.message}`);
  const had = diskWritersOf(current.value);
  const changed = [...wanted].filter(([name, print]) => had.get(name) !== print).map(([name]) => name);
  if (changed.length > 0)
    return fail(`it would write disks (${changed.join(', ')} changed): reinstall, or apply it with talosctl yourself`);
  const tried = await api.applyConfiguration(text.value, true, 'noReboot');
  if (!tried.ok) return fail(tried.error.message);
  const done = await api.applyConfiguration(text.value, false, 'noReboot');
  return done.ok ? ok(undefined) : fail(done.error.message);
}

/** In maintenance mode a complete configuration starts the install at once: the gate is asked between look and send. */
export async function applyToMaintenance(api: TalosApi, wish: ApplyWish, source: ConfigSource): Promise<Result<void>> {
  const hardware = await api.hardware();
  if (!hardware.ok) return fail(hardware.error.message);
  const holder = hardware.value.disks.find((one) => one.holds?.some((label) => /^(META|STATE)$/.test(label)) === true);
  const installed = hardware.value.systemDisk ?? holder?.name;
  if (installed !== undefined) return fail(`Talos is installed on ${installed}: nothing was written`);
  const text = await source(wish, hardware.value);
  if (!text.ok) return text;
  const done = await api.applyConfiguration(text.value, false, 'auto');
  return done.ok ? ok(undefined) : fail(done.error.message);
}

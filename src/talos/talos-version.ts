import { fail, ok, type Result } from '../core/result.ts';

export interface TalosVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** `alpha.1`, `rc.1`; absent for a release. */
  readonly pre?: string;
  /** `v1.13.9`: the spelling of release tags, the factory and installer images. */
  readonly tag: string;
}

export function parseTalosVersion(raw: string): Result<TalosVersion> {
  const match = /^v?(\d{1,3})\.(\d{1,3})\.(\d{1,4})(?:-([0-9a-z.-]{1,60}))?$/i.exec(raw.trim());
  if (match === null) {
    return fail(`"${raw.slice(0, 40)}" is not a Talos version: write it like v1.13.9`);
  }
  const [, major = '', minor = '', patch = '', pre] = match;
  const numbers = { major: Number(major), minor: Number(minor), patch: Number(patch) };
  const tag = `v${numbers.major}.${numbers.minor}.${numbers.patch}${pre === undefined ? '' : `-${pre}`}`;
  return ok({ ...numbers, ...(pre === undefined ? {} : { pre }), tag });
}

/** True from the first pre-release of that minor on: the shapes of documents change with alphas, not with the release. */
export function isAtLeast(version: TalosVersion, major: number, minor: number, patch = 0): boolean {
  if (version.major !== major) return version.major > major;
  if (version.minor !== minor) return version.minor > minor;
  return version.patch >= patch;
}

export function minorName(version: TalosVersion): string {
  return `${version.major}.${version.minor}`;
}

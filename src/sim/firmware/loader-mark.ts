/** The first line of a stand-in for a boot loader. Real loaders may be served just as well: they are taken as iPXE. */
export interface LoaderMark {
  readonly name: string;
  readonly mode: 'bios' | 'uefi';
  readonly cpu: 'amd64' | 'arm64';
}

export const renderLoaderMark = ({ name, mode, cpu }: LoaderMark): string =>
  `SIMULATED crashcart loader ${name} ${mode} ${cpu}\n`;

export function readLoaderMark(body: Buffer): LoaderMark | undefined {
  const match = /^SIMULATED crashcart loader (\S+) (bios|uefi) (amd64|arm64)\n/.exec(body.toString('latin1', 0, 200));
  const [, name, mode, cpu] = match ?? [];
  if (name === undefined) return undefined;
  return { name, mode: mode === 'bios' ? 'bios' : 'uefi', cpu: cpu === 'arm64' ? 'arm64' : 'amd64' };
}

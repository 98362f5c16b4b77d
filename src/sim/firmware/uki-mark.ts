/** The first lines of a stand-in for a signed UKI: what it is for, and the command line that is baked in. */
export interface UkiMark {
  readonly cpu: 'amd64' | 'arm64';
  readonly args: string;
}

export const renderUkiMark = ({ cpu, args }: UkiMark): string => `MZ SIMULATED signed UKI ${cpu}\n${args}\n`;

export function readUkiMark(body: Buffer): UkiMark | undefined {
  const match = /^MZ SIMULATED signed UKI (amd64|arm64)\n([^\n]{0,2048})\n/.exec(body.toString('latin1', 0, 2_200));
  const [, cpu, args] = match ?? [];
  return args === undefined ? undefined : { cpu: cpu === 'arm64' ? 'arm64' : 'amd64', args };
}

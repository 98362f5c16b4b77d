import type { IpxeProgram } from './parse-ipxe.ts';

export interface IpxeImage {
  readonly name: string;
  readonly url: string;
  readonly kind: 'kernel' | 'initrd' | 'imgfetch';
  /** The command line of a kernel. */
  readonly args: string;
}

/** What the simulated firmware must do next. After all but `exit` it answers with how that went. */
export type IpxeAction =
  | { readonly kind: 'echo'; readonly text: string }
  | { readonly kind: 'fetch'; readonly image: IpxeImage }
  /** Fetch, then run it: a script in a machine of its own, with the same settings. With `replace` this script is over. */
  | { readonly kind: 'chain'; readonly url: string; readonly replace: boolean }
  | { readonly kind: 'ifopen' | 'dhcp'; readonly device: string | undefined }
  | { readonly kind: 'boot'; readonly kernel: IpxeImage; readonly initrds: readonly IpxeImage[] }
  | { readonly kind: 'sanboot'; readonly drive: number }
  | { readonly kind: 'sleep'; readonly seconds: number }
  | { readonly kind: 'reboot' }
  | { readonly kind: 'shell' }
  /** The script is over. `reason`: it failed, and where. */
  | { readonly kind: 'exit'; readonly status: number; readonly reason?: string };

export type IpxeInput =
  | { readonly kind: 'start' }
  /** `settings`: what changed by it, `net0/ip` after DHCP. */
  | { readonly kind: 'done'; readonly settings?: ReadonlyMap<string, string> }
  | { readonly kind: 'failed'; readonly reason: string };

export interface IpxeMachine {
  readonly program: IpxeProgram;
  readonly settings: ReadonlyMap<string, string>;
  readonly images: readonly IpxeImage[];
  /** Name of the image that `boot` starts. */
  readonly selected: string | undefined;
  readonly line: number;
  readonly command: number;
  /** How the last command that ran ended; `undefined`: well. */
  readonly failure: string | undefined;
  /** What the firmware was asked for, until it answers. */
  readonly pending: IpxeAction | undefined;
  readonly over: boolean;
}

export function createIpxeMachine(program: IpxeProgram, settings: ReadonlyMap<string, string>): IpxeMachine {
  return {
    program,
    settings,
    images: [],
    selected: undefined,
    line: 0,
    command: 0,
    failure: undefined,
    pending: undefined,
    over: false,
  };
}

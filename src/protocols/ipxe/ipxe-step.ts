import type { IpxeFormat, IpxeSetting } from './ipxe-setting.ts';

/** A string is literal: nothing in it is ever expanded. A setting is what iPXE puts in. */
export type IpxePart = string | { readonly setting: IpxeSetting; readonly format?: IpxeFormat };
export type IpxeText = string | readonly IpxePart[];

/** A command that may fail. Without `orElse` a failure ends the script; with it, the script goes on at that label. */
type Failing<T> = T & { readonly orElse?: string };

export type IpxeFetch =
  | {
      readonly do: 'kernel';
      readonly url: IpxeText;
      readonly name?: string;
      /** The command line, one argument each. */
      readonly args: readonly string[];
    }
  | { readonly do: 'initrd'; readonly url: IpxeText; readonly name?: string }
  | { readonly do: 'imgfetch'; readonly url: IpxeText; readonly name?: string }
  | { readonly do: 'chain'; readonly url: IpxeText; readonly replace?: boolean; readonly autofree?: boolean };

export type IpxeStep =
  | { readonly do: 'comment'; readonly text: string }
  | { readonly do: 'echo'; readonly text: IpxeText }
  | { readonly do: 'set'; readonly name: string; readonly value: IpxeText }
  | { readonly do: 'clear'; readonly name: string }
  | { readonly do: 'label'; readonly name: string }
  | { readonly do: 'goto'; readonly label: string }
  /** Goes to `label` where the two are (not) equal. */
  | {
      readonly do: 'gotoIf';
      readonly left: IpxeText;
      readonly is: '==' | '!=';
      readonly right: IpxeText;
      readonly label: string;
    }
  | { readonly do: 'gotoIfSet'; readonly setting: IpxeSetting; readonly label: string }
  | Failing<{ readonly do: 'ifopen'; readonly device?: string }>
  | Failing<{ readonly do: 'dhcp'; readonly device?: string }>
  | { readonly do: 'imgfree' }
  | Failing<IpxeFetch>
  /** Tries again after each wait; 1, 2, 4 s means four attempts in all. `name` makes the labels. */
  | Failing<{
      readonly do: 'retry';
      readonly name: string;
      readonly step: IpxeFetch | IpxeDhcp;
      readonly waitsSeconds: readonly number[];
    }>
  | Failing<{ readonly do: 'boot' }>
  /** 0 ends in the firmware's menu on UEFI; 1 goes on with its next boot entry. On BIOS both go on to the disk. */
  | { readonly do: 'exit'; readonly status: number }
  | Failing<{ readonly do: 'sanboot'; readonly drive: number }>
  | { readonly do: 'sleep'; readonly seconds: number }
  | { readonly do: 'reboot' }
  | { readonly do: 'shell' };

export interface IpxeDhcp {
  readonly do: 'dhcp';
  readonly device?: string;
}

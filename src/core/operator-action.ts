import type { PowerAction } from './bmc.ts';
import type { DriftField } from './drift.ts';
import type { JobKind } from './job.ts';

/** What an operator asks of the engine, as data. The engine checks who may (read-only, locks, protection) and says why not. */
export type OperatorAction =
  | {
      readonly type: 'arm';
      readonly kind: JobKind;
      readonly nodes: readonly string[];
      /** Hash of the plan that was on the screen, per node: what is armed is what was confirmed. */
      readonly planHashes: Readonly<Record<string, string>>;
      /** As typed: the host name of one node, or `ERASE 12`. Absent for what writes nothing. */
      readonly confirmed?: string;
      /** Control-plane nodes of one cluster may go at the same time: a new cluster has no quorum to lose. */
      readonly together?: true;
    }
  | {
      readonly type: 'wave';
      readonly kind: JobKind;
      readonly nodes: readonly string[];
      readonly planHashes: Readonly<Record<string, string>>;
      readonly confirmed: string;
      readonly canary: number;
      readonly width: number;
      readonly stopAfterFailures: number;
      readonly together?: true;
    }
  | { readonly type: 'wavePause' | 'waveCancel'; readonly wave: string }
  /** `confirmed` as typed, `ERASE 12`: of one that erases what waits. Older versions of a screen or a command do not send it. */
  | { readonly type: 'waveResume'; readonly wave: string; readonly confirmed?: string }
  | { readonly type: 'retry' | 'cancel' | 'release' | 'bootDisk'; readonly nodes: readonly string[] }
  /** Orders that are still planned, so that no machine has a job by them yet. `all`: whomever they name. */
  | { readonly type: 'withdraw'; readonly nodes: readonly string[]; readonly all?: true }
  /** `order`: the answers carry it, so that who asked can tell them from those to others. */
  | { readonly type: 'readBmc'; readonly nodes: readonly string[]; readonly order?: string }
  | { readonly type: 'hold'; readonly nodes: readonly string[]; readonly why: string }
  /** Nothing that writes a disk, until it is lifted; what the inventory protects is lifted there alone. */
  | { readonly type: 'protect'; readonly nodes: readonly string[]; readonly why?: string }
  | { readonly type: 'unprotect'; readonly nodes: readonly string[] }
  | {
      readonly type: 'power';
      readonly nodes: readonly string[];
      readonly action: PowerAction;
      readonly confirmed?: string;
      readonly order?: string;
    }
  | { readonly type: 'locate'; readonly nodes: readonly string[]; readonly on: boolean; readonly order?: string }
  | { readonly type: 'talosReboot' | 'talosCheck'; readonly nodes: readonly string[] }
  /** Sends the machine configuration of the inventory to nodes that run; never touches a disk. */
  | {
      readonly type: 'applyConfig';
      readonly nodes: readonly string[];
      /** Hash of the configuration that was on the screen, per node. */
      readonly configHashes: Readonly<Record<string, string>>;
      /** As typed: the host name of one node, or `APPLY 12`. */
      readonly confirmed: string;
    }
  | { readonly type: 'adoptDrift'; readonly node: string; readonly field: DriftField }
  | { readonly type: 'ignoreDrift'; readonly node: string; readonly field: DriftField; readonly ignored: boolean }
  | {
      readonly type: 'bootstrap';
      readonly node: string;
      readonly confirmed: string;
      /** Needed where an earlier one, asked of another node, failed or has no known end. */
      readonly reason?: string;
    }
  | { readonly type: 'trustFingerprint'; readonly node: string; readonly fingerprint: string }
  | { readonly type: 'panic'; readonly on: boolean }
  | { readonly type: 'breakGlass'; readonly reason: string; readonly phrase: string }
  | { readonly type: 'mendGlass' }
  | { readonly type: 'discovery'; readonly on: boolean; readonly forMs: number }
  | { readonly type: 'adopt'; readonly macs: readonly string[] }
  | { readonly type: 'ignoreStranger'; readonly mac: string; readonly ignored: boolean }
  | { readonly type: 'restartService'; readonly service: string };

export type OperatorActionType = OperatorAction['type'];

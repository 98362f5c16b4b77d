import type { BootTarget, LampRest, PowerAction } from './bmc.ts';
import type { TimeMs } from './time.ts';

/** What the reducer wants done in the world. Data only; the engine runs each through a port, and how it went comes back as an event. */
export type Effect =
  | {
      readonly type: 'bmc.bootFromNetwork';
      readonly node: string;
      readonly job: string;
      /** `cd`: iPXE is inserted as a virtual medium first. */
      readonly target: BootTarget;
      readonly mode?: 'uefi' | 'legacy';
      readonly fullPayload: boolean;
      /** `none` sets the override only: the machine is about to reboot by itself. */
      readonly power: 'cycle' | 'offThenOn' | 'none';
      /**
       * Given once before, and silence followed: nothing is sent unless its BMC reads that the order was used up and POST
       * is over. `since`: the power-on that silence followed. `trustsSilence`: so long ago that a BMC which tells nothing
       * of POST is believed as well.
       */
      readonly onlyIfUsedUp?: { readonly since: TimeMs; readonly trustsSilence: boolean };
    }
  /** What the job set on the BMC is taken back, and read back; with `media`, what it inserted is ejected. */
  | { readonly type: 'bmc.clearOverride'; readonly node: string; readonly job: string; readonly media: boolean }
  /** `order`, of these three: who asked knows the answer by it. */
  | { readonly type: 'bmc.power'; readonly node: string; readonly action: PowerAction; readonly order?: string }
  | {
      readonly type: 'bmc.locate';
      readonly node: string;
      readonly on: boolean;
      readonly rest?: LampRest;
      readonly order?: string;
    }
  | { readonly type: 'bmc.identify'; readonly node: string; readonly order?: string }
  /** The newest lines of its hardware log; gives way to every other order. */
  | { readonly type: 'bmc.readLog'; readonly node: string }
  | { readonly type: 'wake.send'; readonly node: string; readonly mac: string }
  | { readonly type: 'probe.start'; readonly node: string; readonly address: string }
  | { readonly type: 'probe.stop'; readonly node: string }
  | { readonly type: 'talos.readHardware'; readonly node: string; readonly address: string }
  | {
      readonly type: 'talos.reboot' | 'talos.bootstrap' | 'talos.check';
      readonly node: string;
      readonly address: string;
    }
  /** Erases its system disk and powers it off. Without a job that was armed by name and erases, nothing is sent. */
  | { readonly type: 'talos.reset'; readonly node: string; readonly address: string; readonly job: string }
  /**
   * The configuration with this hash: to a node that runs from its disk, or, with `job` and `attempt`, to the machine of
   * that very boot in maintenance mode. Answered by `talos.configApplied`.
   */
  | {
      readonly type: 'talos.apply';
      readonly node: string;
      readonly address: string;
      readonly configHash: string;
      readonly job?: string;
      readonly attempt?: number;
    }
  /** Its arming is to be on disk; `job.stored` tells when it is. */
  | { readonly type: 'job.store'; readonly node: string; readonly job: string }
  | { readonly type: 'job.ended'; readonly node: string; readonly job: string; readonly wave?: string };

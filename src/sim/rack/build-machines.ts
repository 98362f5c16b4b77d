import { createSelfSigned } from '../bmc/self-signed.ts';
import { createSimBmc, type SimBmc } from '../bmc/sim-bmc.ts';
import { createSimMachine, type SimMachine } from '../machine/sim-machine.ts';
import { createRandom } from '../run/random.ts';
import type { SimClock } from '../run/sim-clock.ts';
import type { SimSwitch } from '../switch/sim-switch.ts';
import type { SimRackOptions, SitePlan } from './plan-site.ts';
import type { SimPortsOfSite } from './planned-machine.ts';
import { BMC_USER } from './render-site-files.ts';

/** In larger racks a machine hangs up when it has said nothing for so long (real milliseconds). */
const IDLE_MS = 20_000;
const KEEPS_CONNECTED = 250;
/** What a person reads of one among thousands. */
const CROWD_CONSOLE_LINES = 40;

export interface BuiltMachines {
  readonly machines: Map<string, SimMachine>;
  readonly bmcs: Map<string, SimBmc>;
}

export interface RackWiring {
  readonly clock: SimClock;
  readonly switches: SimSwitch[];
  readonly ports: SimPortsOfSite;
}

/** Each machine with its BMC: the buttons of the one are the power of the other. */
export async function buildMachines(
  options: SimRackOptions,
  plan: SitePlan,
  wiring: RackWiring & { readonly password: string },
): Promise<BuiltMachines> {
  const { clock, switches, ports, password } = wiring;
  const machines = new Map<string, SimMachine>();
  const bmcs = new Map<string, SimBmc>();
  const certificate = plan.machines.some((one) => one.bmcByTls) ? createSelfSigned('bmc.sim', new Date()) : undefined;
  const random = createRandom(`${options.seed}/machines`);
  const isCrowd = plan.machines.length > KEEPS_CONNECTED;
  for (const [i, planned] of plan.machines.entries()) {
    const { spec, faults } = planned;
    const machine = createSimMachine({
      spec,
      clock,
      random: random.fork(spec.name),
      net: () => switches[planned.network ?? 0] ?? missingSwitch(),
      ports: () => ({ tftp: ports.tftp, proxy: ports.proxy }),
      faults,
      takeBoot: () => bmcs.get(spec.name)?.takeBoot() ?? { target: 'disk' },
      setProgress: (progress) => bmcs.get(spec.name)?.setProgress(progress),
      ...(options.onNote === undefined ? {} : { onNote: options.onNote }),
      ...(options.onWrite === undefined ? {} : { onWrite: options.onWrite }),
      ...(isCrowd ? { idleMs: IDLE_MS, consoleLines: CROWD_CONSOLE_LINES } : {}),
      api: options.api ?? !isCrowd,
      ...(plan.authority === undefined || !planned.isKnown ? {} : { authority: plan.authority }),
    });
    machines.set(spec.name, machine);
    if (faults.noBmc === true) continue;
    const bmc = await createSimBmc({
      personality: planned.personality,
      faults: faults.bmc ?? {},
      credentials: { username: BMC_USER, password },
      timeScale: 1 / options.speed,
      index: i + 1,
      ...(isCrowd ? { keepsRequests: 0 } : {}),
      power: planned.isOnAtStart ? 'On' : 'Off',
      identity: {
        serial: spec.serial,
        boardSerial: spec.boardSerial,
        sku: spec.serial,
        uuid: spec.uuid,
        asset: spec.asset,
        macs: spec.macs,
        hostName: spec.name,
        drives: spec.disks.map(({ info }) => ({
          model: info.model ?? 'SIM disk',
          serial: info.serial ?? '',
          sizeBytes: info.sizeBytes,
          ...(info.type === undefined ? {} : { type: info.type }),
        })),
      },
      machine: { powerOn: machine.powerOn, powerOff: machine.powerOff },
      ...(planned.bmcByTls && certificate !== undefined ? { tls: certificate } : {}),
    });
    // Set up long ago for what its firmware is: a BIOS machine's BMC does not say UEFI.
    if (spec.firmware.startsWith('bios')) bmc.state.boot.mode = 'Legacy';
    bmcs.set(spec.name, bmc);
  }
  return { machines, bmcs };
}

function missingSwitch(): never {
  throw new Error('a simulated machine was switched on before the rack was started');
}

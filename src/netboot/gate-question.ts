import { hash } from 'node:crypto';
import type { Fleet } from '../core/fleet.ts';
import type { ArtefactPort, Rendered, RenderedPort } from '../core/ports.ts';
import type { Arch } from '../core/spec.ts';
import type { TimeMs } from '../core/time.ts';
import type { Cpu } from '../protocols/dhcp/arch-table.ts';
import { answerGate, type GateAnswer, type GateQuestion, type Route } from './gate.ts';
import type { Identity } from './identity.ts';

/** What every answer is made from. */
export interface BootView {
  readonly fleet: Fleet;
  readonly at: TimeMs;
  readonly rendered: RenderedPort;
  readonly artefacts: ArtefactPort;
}

/** A BIOS says x86 on 64-bit machines too, so it says nothing about the plan's architecture. */
export function archOfCpu(cpu: Cpu | undefined): Arch | undefined {
  return cpu === 'amd64' || cpu === 'arm64' ? cpu : undefined;
}

export function askGate(
  view: BootView,
  route: Route,
  identity: Identity,
  more: { readonly arch?: Arch | undefined; readonly token?: GateQuestion['token']; readonly from?: string } = {},
): GateAnswer {
  const name = identity.is === 'stranger' ? undefined : identity.node?.name;
  const rendered = name === undefined ? undefined : view.rendered.of(name);
  return answerGate({
    fleet: view.fleet,
    route,
    at: view.at,
    identity,
    token: more.token ?? 'absent',
    arch: more.arch,
    ...(more.from === undefined ? {} : { from: more.from }),
    now: rendered === undefined ? undefined : proofOf(rendered, route),
  });
}

/** Where the configuration itself goes out, its own text is hashed, not what somebody noted about it. */
function proofOf(rendered: Rendered, route: Route): GateQuestion['now'] {
  const { plan, artefactsProven } = rendered;
  const exact = route === 'config' || route === 'script';
  // Another template makes another plan, whatever its own hash still says.
  const same = !exact || hashOf(rendered.template) === plan.templateHash;
  const planHash = same ? plan.hash : `${plan.hash} with another template`;
  return { planHash, configHash: exact ? configHashOf(rendered) : plan.configHash, artefactsProven };
}

/** The planner hashes the machine configuration, or for other systems all their cloud-init files together. */
function configHashOf({ plan, configText, cloudInit }: Rendered): string | undefined {
  if (plan.configHash === undefined) return undefined;
  const text = configText ?? (cloudInit === undefined ? undefined : JSON.stringify(cloudInit));
  return hashOf(text);
}

const hashOf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : hash('sha256', text);

import type { EvidenceBody } from '../core/event.ts';
import { unreachable } from '../core/result.ts';
import { maskMessage } from './mask-text.ts';
import type { TalosFact } from './meaning-of-event.ts';
import type { LogFact } from './meaning-of-log.ts';

/** A fact as evidence for the engine; undefined for what moves nothing. */
export function evidenceOfFact(node: string, fact: TalosFact): EvidenceBody | undefined {
  switch (fact.kind) {
    case 'sequence':
      return fact.action === 'start' ? { type: 'talos.sequenceStarted', node, sequence: fact.name } : undefined;
    case 'phase':
      if (fact.action === 'stop') return undefined;
      return {
        type: 'talos.phaseStarted',
        node,
        ...(fact.sequence === undefined ? {} : { sequence: fact.sequence }),
        phase: fact.name,
      };
    case 'stage':
      return { type: 'talos.stageChanged', node, stage: fact.stage, ready: fact.ready, unmet: fact.unmet };
    case 'restart':
      return { type: 'talos.restarting', node, how: fact.how };
    case 'configFailed':
      return { type: 'talos.configFailed', node, message: maskMessage(fact.message) };
    case 'failed':
      return { type: 'talos.failed', node, message: maskMessage(fact.message) };
    case 'maintenance':
      return { type: 'talos.maintenanceEntered', node };
    case 'halted':
      return { type: 'talos.halted', node };
    case 'addresses':
      return {
        type: 'talos.addressed',
        node,
        ...(fact.hostName === undefined ? {} : { hostName: fact.hostName }),
        addresses: fact.addresses,
      };
    // Services move no phase; the services screen reads them from the API.
    case 'service':
    case 'noise':
      return undefined;
    default:
      return unreachable(fact);
  }
}

export function evidenceOfLog(node: string, fact: LogFact): EvidenceBody | undefined {
  switch (fact.kind) {
    case 'installing':
      return { type: 'talos.installing', node, disk: fact.disk };
    case 'pulling':
      return {
        type: 'talos.installing',
        node,
        ...(fact.percent === undefined ? {} : { percent: fact.percent }),
        step: fact.step,
      };
    case 'installStep':
      return { type: 'talos.installing', node, step: fact.step };
    case 'installed':
      return { type: 'talos.installed', node, text: fact.text };
    case 'installFailed':
      return { type: 'talos.failed', node, message: maskMessage(fact.message) };
    case 'configFailed':
      return { type: 'talos.configFailed', node, message: maskMessage(fact.message) };
    case 'alreadyInstalled':
      return { type: 'talos.halted', node };
    case 'maintenanceReachable':
      return { type: 'talos.maintenanceEntered', node };
    case 'panicked':
      return { type: 'talos.panicked', node, message: maskMessage(fact.message) };
    case 'ready':
      return { type: 'talos.readyLogged', node };
    case 'fingerprint':
      return { type: 'talos.certificateLogged', node, fingerprint: fact.value };
    // The RestartEvent says the same with certainty.
    case 'kexecPrepared':
    case 'kexecSkipped':
      return undefined;
    default:
      return unreachable(fact);
  }
}

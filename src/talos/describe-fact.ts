import type { TalosFact } from './meaning-of-event.ts';

export function levelOfFact({ kind }: TalosFact): 'debug' | 'info' | 'error' {
  if (kind === 'noise') return 'debug';
  return kind === 'failed' || kind === 'configFailed' ? 'error' : 'info';
}

/** A fact as a line of the node's log. */
export function describeFact(fact: TalosFact): string {
  switch (fact.kind) {
    case 'sequence':
      return `sequence ${fact.name} ${fact.action}`;
    case 'phase':
      return `phase ${fact.name} ${fact.action}`;
    case 'stage':
      return `stage ${fact.stage}${fact.ready ? ', ready' : ''}${fact.unmet.length > 0 ? `; waits for ${fact.unmet.join(', ')}` : ''}`;
    case 'restart':
      return `restarts by ${fact.how}`;
    case 'configFailed':
    case 'failed':
      return fact.message;
    case 'maintenance':
      return 'maintenance mode';
    case 'halted':
      return 'halted: Talos is installed on a disk';
    case 'addresses':
      return `addresses ${fact.addresses.join(', ') || 'none'}`;
    case 'service':
      return `service ${fact.service}: ${fact.state} ${fact.message}`;
    case 'noise':
      return fact.why;
  }
}

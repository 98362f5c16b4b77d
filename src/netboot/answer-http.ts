import type { EventBody } from '../core/event.ts';
import type { NodeState } from '../core/node.ts';
import type { HttpRequest } from '../protocols/http/http-request.ts';
import type { AddressBook } from './address-book.ts';
import { answerLoader, notServed, whySentAway } from './answer-loader.ts';
import { answerMedium } from './answer-medium.ts';
import { decideScript } from './answer-script.ts';
import { markElsewhere, whyKept } from './asked-elsewhere.ts';
import type { TokenBook } from './attempt-token.ts';
import { renderBootstrap } from './boot-scripts.ts';
import type { BootSite } from './boot-site.ts';
import { whyNotAgain, whyNotFrom, whyOfAnother, whySeedIsClosed } from './config-once.ts';
import type { GateAnswer, Route } from './gate.ts';
import { askGate, type BootView } from './gate-question.ts';
import { type Delivery, give, type HttpAnswer, refuse, TEXT } from './http-answer.ts';
import { type Identity, resolveIdentity } from './identity.ts';
import { notNoted } from './put-off.ts';

export interface HttpView extends BootView {
  readonly tokens: TokenBook;
  readonly addresses: AddressBook;
  readonly site: BootSite;
  /** Remembered by who asks often: it is the same text for every machine. */
  readonly bootstrap?: (base: string) => ReturnType<typeof renderBootstrap>;
}

export interface HttpPeer {
  readonly address: string;
  /** `http://…` as this client reached us: what it must be told to fetch from. */
  readonly base: string;
}

/** Everything that goes out over HTTP. What is not named here does not exist. */
export function answerHttp(view: HttpView, request: HttpRequest, peer: HttpPeer): HttpAnswer {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'only GET and HEAD');
  const [first, second, third, ...more] = request.segments;
  if (more.length > 0) return refuse(404, 'no such file');
  switch (first) {
    case 'boot.ipxe':
      return second === undefined ? serveBootstrap(view, peer, request.method === 'GET') : refuse(404, 'no such file');
    case 's':
      return second === undefined ? serveScript(view, request, peer) : refuse(404, 'no such file');
    case 'b':
      return second === undefined || third !== undefined
        ? refuse(404, 'no such file')
        : serveLoader(view, second, peer);
    case 'u':
      return second !== UKI_NAME || third !== undefined ? refuse(404, 'no such file') : serveUki(view, peer);
    case 'd':
      return serveDiscovery(view, second, third);
    case 'm':
      return second === undefined || third !== 'boot.iso' ? refuse(404, 'no such file') : serveMedium(view, second);
    case 't':
      return second === undefined || third === undefined
        ? refuse(404, 'no such file')
        : serveAttempt(view, second, third, peer, request.method === 'GET');
    default:
      // A URL that its firmware was given elsewhere.
      return refuse(404, 'no such file', notServed(request.segments.join('/'), nodeAt(view, peer)));
  }
}

function serveScript(view: HttpView, { query, method }: HttpRequest, { address, base }: HttpPeer): HttpAnswer {
  const decision = decideScript(view, query, address, base);
  const kept = whyKept(view, decision, address);
  if (kept === undefined || decision.node === undefined)
    return { kind: 'script', decision: markElsewhere(view, decision) };
  const { node } = decision;
  const told: EventBody = { type: 'address.contested', node, address, how: 'refused' };
  return refuse(403, kept, method === 'GET' ? [told] : []);
}

/** As its URL ends. */
const UKI_NAME = 'boot.efi';

const nodeAt = ({ addresses, fleet }: HttpView, { address }: HttpPeer) => addresses.nodeAt(fleet, address);

function serveBootstrap(view: HttpView, peer: HttpPeer, whole: boolean): HttpAnswer {
  const node = nodeAt(view, peer);
  const sentAway = node === undefined ? undefined : whySentAway(view, node);
  if (sentAway !== undefined) return refuse(404, sentAway);
  const script = (view.bootstrap ?? renderBootstrap)(peer.base);
  if (!script.ok) return refuse(500, script.error);
  return give(script.value, TEXT, whole ? bootstrapAsked(node) : [], 'the script that asks for the script');
}

/** Once per boot, however often it asks. */
function bootstrapAsked(node: NodeState | undefined): readonly EventBody[] {
  if (node?.phase.is !== 'ipxe' || node.phase.bootstrap === true) return [];
  return [{ type: 'http.bootstrapAsked', node: node.name }];
}

function serveLoader(view: HttpView, name: string, peer: HttpPeer): HttpAnswer {
  const node = nodeAt(view, peer);
  const answer = answerLoader(view, name, node);
  if (!answer.ok) {
    const refused = refuse(404, answer.reason, answer.events);
    return answer.expected ? { ...refused, quiet: true } : refused;
  }
  const transfer = node === undefined ? undefined : { kind: 'loader' as const, node: node.name, file: answer.name };
  return { kind: 'file', file: answer.file, name: answer.name, transfer };
}

/**
 * Firmware follows no script and knows no token: whose UKI it is says the address that DHCP gave to this MAC and UUID a
 * moment ago. The file itself holds no secret, and its configuration goes another way.
 */
function serveUki(view: HttpView, peer: HttpPeer): HttpAnswer {
  const node = nodeAt(view, peer);
  if (node === undefined) return refuse(404, 'no UKI for an address that is no machine of the inventory');
  const { mac, uuid } = node.seen;
  const claims = { macs: mac === undefined ? [] : [mac], ...(uuid === undefined ? {} : { uuid }) };
  const identity = resolveIdentity(view.fleet, claims);
  const own = identity.is === 'node' && identity.node.name === node.name;
  const gate = askGate(
    view,
    'uki',
    own ? identity : { is: 'conflict', node, names: [node.name], why: 'its address is of another machine' },
  );
  const answer = serveImage(view, node, 'kernel', gate, peer);
  return answer.kind === 'file'
    ? { ...answer, transfer: { kind: 'image', node: node.name, image: 'kernel', uki: UKI_NAME } }
    : answer;
}

/** Asked for by a BMC, which has another address than its machine: nobody but the token says for whom. */
function serveMedium(view: HttpView, token: string): HttpAnswer {
  const node = view.tokens.mediumNodeOf(view.fleet, token);
  if (node === undefined) return refuse(404, 'no such job, or not a running one');
  const medium = answerMedium(view, node);
  return medium.ok
    ? { kind: 'file', file: medium.value, name: 'boot.iso', transfer: undefined, of: node.name }
    : refuse(404, medium.error);
}

function serveDiscovery(view: HttpView, arch: string | undefined, image: string | undefined): HttpAnswer {
  if ((arch !== 'amd64' && arch !== 'arm64') || (image !== 'kernel' && image !== 'initrd'))
    return refuse(404, 'no such file');
  const gate = askGate(view, 'image', { is: 'stranger', why: 'no token' });
  if (gate.give !== 'boot') return refuse(404, gate.reason);
  const images = view.artefacts.discovery(arch);
  const file = images === undefined ? undefined : view.artefacts.artefact(images[image]);
  return file === undefined
    ? refuse(503, 'the image for discovery is not in the vault')
    : { kind: 'file', file, name: image, transfer: undefined, discovers: true };
}

/** The token is the proof of who asks: it went out in a script for which identity was sure. */
function identityOf(node: NodeState): Identity {
  return { is: 'node', node, sure: true, matched: ['token'], why: 'by the token of its attempt' };
}

function serveAttempt(view: HttpView, token: string, what: string, peer: HttpPeer, whole: boolean): HttpAnswer {
  const node = view.tokens.nodeOf(view.fleet, token);
  if (node === undefined) return refuse(404, 'no such attempt, or not the current one');
  const stolen = whyOfAnother(view, node, peer.address);
  const ask = (route: Route): GateAnswer => askGate(view, route, identityOf(node), { token: 'match' });
  switch (what) {
    case 'kernel':
    case 'initrd':
      return stolen === undefined ? serveImage(view, node, what, ask(what), peer) : refuse(404, stolen);
    case 'handoff':
      if (stolen !== undefined) return refuse(404, stolen);
      // An empty script: iPXE runs it, and goes on.
      return give('#!ipxe\n', TEXT, whole ? [{ type: 'http.handedOff', node: node.name }] : [], 'handed off');
    case 'config.yaml':
    case 'user-data':
    case 'meta-data':
    case 'network-config':
    case 'vendor-data':
      return serveConfig(view, node, what, ask('config'), peer, whole);
    default:
      return refuse(404, 'no such file');
  }
}

function serveImage(
  view: HttpView,
  node: NodeState,
  image: 'kernel' | 'initrd',
  gate: GateAnswer,
  { address }: Pick<HttpPeer, 'address'>,
): HttpAnswer {
  if (gate.give === 'wait' && gate.unsaved === true) {
    const told = notNoted(node, view.at, address, gate.reason);
    return refuse(503, gate.reason, told === undefined ? [] : [told]);
  }
  if (gate.give !== 'write' && gate.give !== 'boot') return refuse(404, gate.reason);
  const artefact = view.rendered.of(node.name)?.plan[image];
  const file = artefact === undefined ? undefined : view.artefacts.artefact(artefact);
  if (file === undefined) return refuse(503, `the ${image} of the plan is not in the vault`);
  if (artefact !== undefined && file.sha256 !== artefact.sha256)
    return refuse(503, `the ${image} is not the one that was confirmed`);
  return { kind: 'file', file, name: image, transfer: { kind: 'image', node: node.name, image } };
}

function serveConfig(
  view: HttpView,
  node: NodeState,
  what: string,
  gate: GateAnswer,
  peer: HttpPeer,
  whole: boolean,
): HttpAnswer {
  const refused = (reason: string, status = 404): HttpAnswer =>
    refuse(status, reason, whole ? [{ type: 'http.configRefused', node: node.name, reason }] : []);
  const foreign = whyNotFrom(view, node, peer.address);
  if (foreign !== undefined) return refused(foreign);
  if (gate.give !== 'write' && gate.give !== 'boot' && gate.give !== 'seed') return refused(gate.reason);
  const again = what === 'config.yaml' ? whyNotAgain(node, view.at) : whySeedIsClosed(node, view.at);
  if (again !== undefined) return refused(again, 403);
  const rendered = view.rendered.of(node.name);
  const text = what === 'config.yaml' ? rendered?.configText : rendered?.cloudInit?.[what];
  if (rendered === undefined || text === undefined) {
    // cloud-init asks for files that a profile need not have.
    return rendered?.cloudInit === undefined
      ? refused('there is no configuration for this boot')
      : refuse(404, 'no such file');
  }
  const { job } = gate;
  const configHash = rendered.plan.configHash ?? rendered.plan.hash;
  const counts = whole && what !== 'vendor-data' && what !== 'network-config';
  const type = what === 'config.yaml' ? 'application/yaml' : TEXT;
  const given = give(text, type, [], `configuration ${configHash.slice(0, 12)}`);
  return job === undefined || !counts ? given : { ...given, delivery: deliveryOf(node, job.id, configHash) };
}

function deliveryOf({ name: node, attempt }: NodeState, job: string, configHash: string): Delivery {
  const ofAttempt = attempt === undefined ? {} : { attempt: attempt.number };
  return {
    whole: { type: 'http.configServed', node, job, configHash, ...ofAttempt },
    cut: (sentBytes, reason) => ({ type: 'http.configCut', node, sentBytes, reason }),
  };
}

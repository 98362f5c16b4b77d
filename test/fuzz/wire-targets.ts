import { cleanText } from '../../src/core/clean-text.ts';
import { valuesOf } from '../../src/core/shard-map.ts';
import { answerDhcp } from '../../src/netboot/answer-dhcp.ts';
import { answerProxyDhcp } from '../../src/netboot/answer-proxy-dhcp.ts';
import { decideScript, renderScript } from '../../src/netboot/answer-script.ts';
import { classifyDhcpClient } from '../../src/protocols/dhcp/classify-dhcp-client.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import { DHCP_BUFFER_BYTES, encodeDhcp, encodeDhcpInto } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderDhcp } from '../../src/protocols/dhcp/render-dhcp.ts';
import { findHeadEnd, parseHttpRequest } from '../../src/protocols/http/parse-http-request.ts';
import { parseRange } from '../../src/protocols/http/parse-range.ts';
import { parseIpxe } from '../../src/protocols/ipxe/parse-ipxe.ts';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import { negotiateTftp } from '../../src/protocols/tftp/negotiate-tftp.ts';
import { renderTftp } from '../../src/protocols/tftp/render-tftp.ts';
import { createTransfer, stepTransfer } from '../../src/protocols/tftp/transfer.ts';
import { decodeUdpFrame } from '../../src/protocols/udp-frame.ts';
import { ALL_LOADERS, arm, createTestEngine, NOTHING_RENDERED, nodeSpec, uuidOf } from '../netboot/boot-fixture.ts';
import { packet } from '../netboot/client-packets.ts';
import { createDhcpBench, localSubnet } from '../netboot/dhcp-bench.ts';
import { captureNames, readDhcp, readFrames, readTftp } from '../protocols/captures.ts';
import { type FuzzTarget, must } from './fuzz-target.ts';

const MAC = '52:54:00:00:00:01';

const dhcpSeeds = () => captureNames.flatMap((name) => readDhcp(name).map((one) => one.payload));

const dhcp: FuzzTarget = {
  name: 'dhcp',
  seeds: dhcpSeeds,
  open: () => {
    const buffer = Buffer.alloc(DHCP_BUFFER_BYTES);
    return (bytes) => {
      const result = decodeDhcp(bytes);
      if (!result.ok) return;
      classifyDhcpClient(result.value);
      const size = encodeDhcpInto(buffer, result.value);
      must(size >= 300 && size <= DHCP_BUFFER_BYTES, `${size} bytes were written`);
      must(decodeDhcp(buffer.subarray(0, size)).ok, 'what was written cannot be read');
      for (const line of renderDhcp(result.value)) must(line.trim() === cleanText(line, 1000), `not clean: ${line}`);
    };
  },
};

/** The pool and the fleet change with the answers, as in a server that runs. */
const dhcpAnswer: FuzzTarget = {
  name: 'dhcp-answer',
  seeds: () => [
    ...dhcpSeeds().slice(0, 40),
    ...(['discover', 'request', 'decline', 'release', 'inform'] as const).flatMap((messageType) =>
      (['bios', 'uefi', 'http', 'ipxe', 'os'] as const).map((kind) =>
        encodeDhcp(packet(kind, MAC, {}, { messageType })),
      ),
    ),
  ],
  open: () => {
    const nets = [localSubnet({ answerAfterSeconds: 4 }), localSubnet({ relay: '10.20.0.1', subnet: '10.20.0.0/24' })];
    const bench = createDhcpBench([nodeSpec('n1', MAC)], nets);
    const rendered = arm(bench.engine, 'n1', 'install');
    const by = { user: 'test', from: 'tty1' };
    bench.engine.emit({ type: 'site.discoverySwitched', until: bench.engine.now() + 1e12, by });
    let fed = 0;
    return (bytes) => {
      const decoded = decodeDhcp(bytes);
      if (!decoded.ok) return;
      fed += 1;
      const at = bench.engine.now() + fed * 10;
      const view = {
        fleet: bench.engine.fleet(),
        at,
        rendered,
        artefacts: ALL_LOADERS,
        site: bench.site,
        pool: bench.pool,
      };
      const answerOf = fed % 4 === 0 ? answerProxyDhcp : answerDhcp;
      const answer = answerOf(view, decoded.value, { iface: 'eth1', address: 0, port: 68 });
      for (const change of answer.pool) bench.pool.apply(change);
      for (const event of answer.events) if (fed % 8 === 0) bench.engine.emit(event);
      bench.engine.events.length = 0;
      if (answer.reply === undefined) return;
      const sent = encodeDhcp(answer.reply.packet);
      must(sent.length >= 300 && sent.length <= 1472, `an answer of ${sent.length} bytes`);
      must(answer.reply.packet.op === 'reply', 'a request was sent');
      if (answer.reply.to.kind === 'unicast')
        must([67, 68].includes(answer.reply.to.port), 'sent to a port of its choice');
    };
  },
};

const tftp: FuzzTarget = {
  name: 'tftp',
  seeds: () => [
    ...captureNames.flatMap((name) => readTftp(name).map((one) => one.payload)).slice(0, 40),
    encodeTftp({ kind: 'read', file: '../../etc/passwd', mode: 'octet', options: [{ name: 'blksize', value: '8' }] }),
    encodeTftp({ kind: 'read', file: 'a.efi', mode: 'netascii', options: [{ name: 'windowsize', value: '65535' }] }),
  ],
  open: () => (bytes) => {
    const result = decodeTftp(bytes);
    if (!result.ok) return;
    must(renderTftp(result.value).length < 1000, 'a line without end');
    encodeTftp(result.value);
    if (result.value.kind !== 'read' && result.value.kind !== 'write') return;
    const plan = negotiateTftp(result.value, 100_000);
    if (!plan.ok) return;
    // The request's own bytes are the acknowledgements and the time between them.
    let nowMs = 0;
    let [transfer, action] = createTransfer(plan.value, nowMs);
    for (let at = 0; at + 1 < bytes.length && transfer.phase !== 'ended'; at += 2) {
      if (action.kind === 'send') must(action.to - action.from <= plan.value.windowBlocks, 'more than a window');
      nowMs += bytes[at] ?? 0;
      const block = (((bytes[at] ?? 0) & 1) << 8) | (bytes[at + 1] ?? 0);
      const input =
        (bytes[at] ?? 0) % 5 === 0 ? ({ kind: 'tick', nowMs } as const) : ({ kind: 'ack', block, nowMs } as const);
      [transfer, action] = stepTransfer(transfer, input);
    }
  },
};

const HEADS = [
  'GET /boot.ipxe?a=%20 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-\r\nConnection: close\r\n\r\n',
  'HEAD /b/ipxe.efi HTTP/1.1\r\nHost: 10.77.0.1:80\r\nRange: bytes=-5\r\nIf-Range: "x"\r\n\r\n',
  'GET /%2e%2e/x HTTP/1.0\r\nContent-Length: 3\r\n\r\n',
  'POST http://x/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
];

const http: FuzzTarget = {
  name: 'http',
  seeds: () => HEADS.map((text) => Buffer.from(text)),
  open: () => (bytes) => {
    const buffer = Buffer.from(bytes);
    const end = findHeadEnd(buffer);
    must(end <= buffer.length, 'the end is behind the bytes');
    // In pieces it ends in the same place: nobody can smuggle by cutting.
    const middle = Math.max(0, buffer.length >> 1);
    if (findHeadEnd(buffer.subarray(0, middle)) < 0) must(findHeadEnd(buffer, middle) === end, 'another end in pieces');
    const result = parseHttpRequest(end < 0 ? buffer : buffer.subarray(0, end));
    if (!result.ok) return;
    for (const one of result.value.segments) must(one !== '..' && !/[/\\\0]/.test(one), `escaped: ${one}`);
    const range = parseRange(result.value.headers.get('range'), 1000);
    if ('from' in range && 'to' in range) must(Number(range.from) <= Number(range.to), 'a range that runs backwards');
  },
};

/** From the query to the script that a machine will run: whatever it says of itself is text, and never a command. */
const script: FuzzTarget = {
  name: 'script',
  seeds: () => [
    Buffer.from(`/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi&product=a%0Ab`),
    Buffer.from(`/s?net0=${MAC}&serial=%24%7Buuid%7D&board-serial=%7C%7C%20shell&asset=x&platform=pcbios`),
  ],
  open: () => {
    const engine = createTestEngine([nodeSpec('n1', MAC)]);
    const rendered = arm(engine, 'n1', 'install');
    const view = { fleet: engine.fleet(), at: engine.now(), rendered, artefacts: ALL_LOADERS };
    const unarmed = { ...view, rendered: NOTHING_RENDERED };
    return (bytes) => {
      const head = Buffer.concat([Buffer.from('GET '), bytes, Buffer.from(' HTTP/1.1\r\nHost: x\r\n\r\n')]);
      const request = parseHttpRequest(head);
      if (!request.ok) return;
      for (const one of [view, unarmed]) {
        const decision = decideScript(one, request.value.query, '10.77.0.50');
        const text = renderScript(one, decision, 'http://10.77.0.1', 'a'.repeat(32));
        must(text.ok, text.ok ? '' : text.error);
        if (!text.ok) continue;
        must(parseIpxe(text.value).ok, `not a script: ${text.value}`);
        must(!/^\s*(shell|config|login)/m.test(text.value), `a command got in: ${text.value}`);
        if (decision.answer === 'install')
          must(valuesOf(one.fleet.nodes).next().value?.job !== undefined, 'an install');
      }
    };
  },
};

const frame: FuzzTarget = {
  name: 'frame',
  seeds: () =>
    captureNames.slice(0, 6).flatMap((name) =>
      readFrames(name)
        .slice(0, 8)
        .map((one) => one.frame),
    ),
  open: () => (bytes) => void decodeUdpFrame(Buffer.from(bytes)),
};

/** What firmware sends: packets and requests. */
export const WIRE_TARGETS: readonly FuzzTarget[] = [dhcp, dhcpAnswer, tftp, http, script, frame];

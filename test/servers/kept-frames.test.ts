import { describe, expect, test } from 'vitest';
import type { CapturedPacket } from '../../src/protocols/pcapng.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import { negotiateTftp } from '../../src/protocols/tftp/negotiate-tftp.ts';
import { createTftpImage } from '../../src/protocols/tftp/tftp-image.ts';
import { createTransfer, stepTransfer, type Transfer, type TransferInput } from '../../src/protocols/tftp/transfer.ts';
import { decodeUdpFrame } from '../../src/protocols/udp-frame.ts';
import { createCaptureRing } from '../../src/servers/capture-ring.ts';
import { writeHttpNotes } from '../../src/servers/http-segments.ts';
import { framesOf } from '../../src/servers/kept-frames.ts';
import { maskRequestHead } from '../../src/servers/mask-tokens.ts';
import { createPacketPages } from '../../src/servers/packet-pages.ts';
import { readTftpNotes, writeTftpNotes } from '../../src/servers/tftp-notes.ts';
import { createTftpRecorder, isStall } from '../../src/servers/tftp-recorder.ts';

const TOKEN = 'abcdefghijklmnopqrstuvwxyz234567';
const HIDDEN = '*'.repeat(32);
const client = { address: 0x0a000009, port: 40_000 };
const server = { address: 0x0a000001, port: 69 };
const of = (timeMs: number, payload: Uint8Array, comment = ''): CapturedPacket => ({
  timeMs,
  source: client,
  destination: server,
  payload,
  ...(comment === '' ? {} : { comment }),
});

describe('what is shown of a request', () => {
  test.each([
    ['a plain path stays', '/boot.ipxe', '/boot.ipxe'],
    ['a script keeps what the machine says of itself', '/s?mac=52:54:00:1a&x=a%20b', '/s?mac=52:54:00:1a&x=a%20b'],
    ['a token of an attempt goes', `/t/${TOKEN}/kernel`, `/t/${HIDDEN}/kernel`],
    ['a token of a medium goes', `/m/${TOKEN}/boot.iso`, `/m/${HIDDEN}/boot.iso`],
    ['with a slash too many too', `//t//${TOKEN}/kernel`, `/t/${HIDDEN}/kernel`],
    ['what stands in its place goes, whatever it looks like', '/t/Secret1/kernel', '/t/*******/kernel'],
    ['percent signs hide nothing', `/%74/%61${TOKEN.slice(1)}/kernel`, `/t/${HIDDEN}/kernel`],
    ['a token at another place goes', `/x/${TOKEN}`, `/x/${HIDDEN}`],
    ['a token in the query goes', `/s?a=%61${TOKEN.slice(1)}&b=1`, `/s?a=${HIDDEN}&b=1`],
    ['and in the name of a value', `/s?${TOKEN}=1`, `/s?${HIDDEN}=1`],
    ['what cannot be read is not shown', `/%zz${TOKEN}`, '/(not to be read)'],
  ])('%s', (_name, target, shown) => {
    expect(maskRequestHead(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).toBe(
      `GET ${shown} HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
  });

  test('of a header that may hold a secret there is its name alone', () => {
    const head = `GET / HTTP/1.1\r\nAuthorization: Bearer x\r\nReferer: http://a/t/%61${TOKEN.slice(1)}/kernel\r\nUser-Agent: me ${TOKEN}\r\n\r\n`;
    expect(maskRequestHead(head)).toBe(
      `GET / HTTP/1.1\r\nAuthorization: (8 characters, not kept)\r\nReferer: (52 characters, not kept)\r\nUser-Agent: me ${HIDDEN}\r\n\r\n`,
    );
  });
});

describe('kept HTTP', () => {
  const verdict = { status: 200, headers: { ETag: '"a"' }, contentLength: 1_000_000, text: `secret ${TOKEN}` };
  const textOf = (frame: Buffer | undefined) => frame?.subarray(54).toString('latin1') ?? '';
  const made = (head: string) => framesOf([{ ...of(5, writeHttpNotes(head, verdict, 7), 'why'), notes: 'http' }]);

  test('is the head of the request and of its answer, which says how long it was', () => {
    const [asked, said] = made(`GET /t/${TOKEN}/kernel HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(textOf(asked?.frame)).toBe(`GET /t/${HIDDEN}/kernel HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(textOf(said?.frame)).toBe(
      'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 1000000\r\nConnection: keep-alive\r\n\r\n',
    );
    expect(said?.wireBytes).toBe(14 + 65_535);
    expect([asked?.timeMs, said?.timeMs]).toEqual([5, 12]);
    expect(asked?.comment).toBe('rebuilt from the connection, not seen on the wire; why');
    expect(said?.comment).toContain('its body of 1000000 bytes is not kept; why');
  });

  test('where a head was cut, half a line is not shown', () => {
    const [asked] = made(`GET / HTTP/1.1\r\nHost: a\r\nX: ${TOKEN.slice(0, 20)}`);
    expect(textOf(asked?.frame)).toBe('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(asked?.comment).toContain('only the first 1024 bytes');
  });

  test('to HEAD there is no body', () => {
    const [, said] = made('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(said?.wireBytes).toBe(said?.frame.length);
  });
});

const image = createTftpImage(Buffer.alloc(10_240, 7), 1024);
function plan() {
  const options = [{ name: 'blksize', value: '1024' }];
  const negotiated = negotiateTftp({ kind: 'read', file: 'a', mode: 'octet', options }, 10_240);
  if (!negotiated.ok) throw new Error(negotiated.error.message);
  return negotiated.value;
}

/** Steps a transfer with its recorder; `told` is what it says, packet by packet. */
function record(inputs: readonly TransferInput[]) {
  const recorder = createTftpRecorder(image, 5000);
  let before: Transfer | undefined;
  let [now, action] = createTransfer(plan(), 0);
  let stalls = 0;
  const see = (nowMs: number) => {
    if (recorder.wants(before, action)) recorder.step(before, now, action, nowMs);
    if (isStall(now, action)) stalls += 1;
  };
  see(0);
  for (const input of inputs) {
    before = now;
    [now, action] = stepTransfer(now, input);
    see(input.nowMs);
  }
  const notes = recorder.take(inputs.at(-1)?.nowMs ?? 0);
  const packets = notes === undefined ? [] : readTftpNotes(notes).packets;
  return {
    stalls,
    told: packets.map(({ ours, bytes, comment }) => `${ours ? '<' : '>'}${bytes[1]}.${bytes[3]} ${comment}`.trim()),
    again: recorder.take(0),
  };
}

const ack = (block: number, nowMs: number): TransferInput => ({ kind: 'ack', block, nowMs });

describe('notes of a transfer', () => {
  test('a whole one is its first and last packets', () => {
    const all = Array.from({ length: 12 }, (_, block) => ack(block, block + 1));
    const { told, stalls, again } = record(all);
    expect(told).toEqual([
      '<6.108',
      '>4.0',
      '<3.1',
      '>4.1 blocks 2 to 10 and their ACKs are not kept',
      '<3.11',
      '>4.11',
    ]);
    expect(stalls).toBe(0);
    expect(again).toBeUndefined();
  });

  test('a stall is the last ACK, when it came, and each packet that was sent again', () => {
    const ticks = [300, 900, 2000].map((nowMs): TransferInput => ({ kind: 'tick', nowMs }));
    const { told, stalls } = record([ack(0, 1), ack(1, 2), ack(2, 3), ...ticks]);
    expect(told.slice(4)).toEqual([
      '<3.3 sent again (1) after 0.3 s without an answer',
      '>4.2 the last ACK before the silence',
      '<3.3 sent again (2) after 0.9 s without an answer',
      '<3.3 sent again (3) after 2.0 s without an answer',
    ]);
    expect(stalls).toBe(2);
  });

  test('a line that loses block after block fills no memory', () => {
    const lost = Array.from({ length: 2000 }, (_, i) => ack(2, 100 + i * 60));
    const { told } = record([ack(0, 1), ack(1, 2), ack(2, 3), ...lost]);
    expect(told.length).toBeLessThan(60);
    expect(told.at(-1)).toContain('is kept at stalls alone');
  });

  test('what was written is read back, and sizes are bounded', () => {
    const packets = [
      { agoMs: 1.5, ours: true, bytes: Buffer.alloc(900, 3), wireBytes: 1472, comment: 'x'.repeat(500) },
      { agoMs: 0, ours: false, bytes: Buffer.alloc(0), wireBytes: 0, comment: '' },
    ];
    const { port, toldAtMs, packets: back } = readTftpNotes(writeTftpNotes({ port: 4711, toldAtMs: 12.5, packets }));
    expect([port, toldAtMs]).toEqual([4711, 12.5]);
    expect(back.map((one) => [one.agoMs, one.ours, one.bytes.length, one.wireBytes, one.comment.length])).toEqual([
      [1.5, true, 512, 1472, 400],
      [0, false, 0, 0, 0],
    ]);
    expect(readTftpNotes(Buffer.alloc(3)).packets).toEqual([]);
  });
});

describe('kept TFTP', () => {
  const notes = (agoMs: number) =>
    writeTftpNotes({
      port: 5000,
      toldAtMs: 0,
      packets: [{ agoMs, ours: true, bytes: encodeTftp({ kind: 'ack', block: 1 }), wireBytes: 4, comment: 'a' }],
    });

  test('comes from the port of the transfer, never before its request, and its last packet says how it ended', () => {
    const frames = framesOf([
      of(1000, encodeTftp({ kind: 'read', file: TOKEN, mode: 'octet', options: [] }), `for ${TOKEN}`),
      { ...of(1001, notes(9)), notes: 'tftp' },
      { ...of(1002, Buffer.alloc(0), `end of ${TOKEN}`), notes: 'tftp' },
    ]);
    expect(frames.map(({ timeMs, comment }) => [timeMs, comment])).toEqual([
      [1000, `for ${HIDDEN}`],
      [1000, `a; end of ${HIDDEN}`],
    ]);
    const [asked, answered] = frames.map(({ frame }) => decodeUdpFrame(frame));
    expect(Buffer.from(asked?.payload ?? []).toString('latin1')).toContain(HIDDEN);
    expect([answered?.source.port, answered?.destination.port]).toEqual([5000, 40_000]);
  });

  test('the pages give back what kind it is and how long it was', () => {
    const pages = createPacketPages(100_000);
    const record = { ...of(1, Buffer.from('abc'), 'why'), wireBytes: 1472, notes: 'http' as const };
    expect(pages.read(pages.add(record))).toEqual(record);
    expect(pages.read(pages.add({ ...record, notes: 'tftp' }))).toEqual({ ...record, notes: 'tftp' });
  });

  test('a thousand ranges of an image drive out no DHCP and no TFTP', () => {
    const ring = createCaptureRing();
    ring.keep('n1', of(1, Buffer.alloc(10), 'first of all'));
    ring.keep('n1', of(2, Buffer.alloc(10), 'then a loader'), 'tftp');
    const head = 'GET /m/x/boot.iso HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = writeHttpNotes(head, { status: 206, headers: {}, contentLength: 512 }, 0);
    for (let i = 0; i < 1000; i += 1) ring.keepNotes('n1', 'http', of(i * 1000, answer, 'a range'));
    const text = ring.exportPcapng('n1')?.toString('latin1') ?? '';
    expect(text).toContain('first of all');
    expect(text).toContain('then a loader');
    expect(text.split('GET /m/*/boot.iso').length - 1).toBe(96);
  });
});

import { decodeDhcp } from '../protocols/dhcp/decode-dhcp.ts';
import type { KeptRecord } from './packet-pages.ts';

/** So much apart the threads that hear a request and its answer may be while machines storm. */
const APART_MS = 2000;

interface Said {
  readonly record: KeptRecord;
  readonly xid: number;
  readonly type: string | undefined;
}

const saidIn = (record: KeptRecord): readonly Said[] => {
  const decoded = decodeDhcp(Buffer.from(record.payload));
  return decoded.ok ? [{ record, xid: decoded.value.xid, type: decoded.value.options.messageType }] : [];
};

/**
 * Answers of other servers are heard in another thread than the requests that they answer, which may be behind: read
 * later, an answer never stands before its request.
 */
export function afterRequests(heard: readonly KeptRecord[], ours: readonly KeptRecord[]): readonly KeptRecord[] {
  if (heard.length === 0) return heard;
  const requests = ours.flatMap(saidIn);
  return heard.map((record) => {
    const [answer] = saidIn(record);
    const asked = answer?.type === 'offer' ? 'discover' : 'request';
    const times = requests
      .filter(({ xid, type }) => xid === answer?.xid && type === asked)
      .map((one) => one.record.timeMs);
    const [first] = times.some((timeMs) => timeMs <= record.timeMs) ? [] : times;
    return first === undefined || first - record.timeMs > APART_MS ? record : { ...record, timeMs: first };
  });
}

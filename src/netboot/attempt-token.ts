import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { valuesOf } from '../core/shard-map.ts';

/** 160 bits as 32 characters: nobody guesses a path to a configuration. */
const TOKEN_BYTES = 20;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return text;
}

/**
 * The path of one attempt of one job on one machine. Made from the site's secret alone, so that it is the same after a
 * restart in the middle of an installation; nothing about it is stored or logged.
 */
export function attemptToken(secret: Uint8Array | KeyObject, node: string, job: string, attempt: number): string {
  const mac = createHmac('sha256', secret).update(`${node}|${job}|${attempt}`).digest();
  return base32(mac.subarray(0, TOKEN_BYTES));
}

export function sameToken(a: string, b: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(a), digest(b));
}

/** The node whose current attempt has this token. */
export interface TokenBook {
  readonly tokenOf: (node: NodeState) => string | undefined;
  readonly nodeOf: (fleet: Fleet, token: string) => NodeState | undefined;
  /** The machine whose BMC may fetch the medium of its job under this token. */
  readonly mediumNodeOf: (fleet: Fleet, token: string) => NodeState | undefined;
}

/** A BMC fetches its medium before there is an attempt: its path is that of the job. */
export const mediumToken = (secret: Uint8Array | KeyObject, node: string, job: string): string =>
  attemptToken(secret, node, `medium ${job}`, 0);

export function createTokenBook(siteSecret: Uint8Array): TokenBook {
  const secret = createSecretKey(siteSecret);
  /** By digest: how long a look-up takes says nothing about how much of a token was right. */
  const names = new Map<string, string>();
  const tokens = new Map<string, { readonly attempt: string; readonly token: string; readonly digest: string }>();
  /** Weakly: else the machines as they were then stay in memory, each with all its history, until the next scan. */
  let scanned: WeakRef<Fleet['nodes']> | undefined;

  const tokenOf = (node: NodeState): string | undefined => {
    if (node.job === undefined || node.attempt === undefined) return undefined;
    const attempt = `${node.job.id}|${node.attempt.number}`;
    const known = tokens.get(node.name);
    if (known?.attempt === attempt) return known.token;
    const token = attemptToken(secret, node.name, node.job.id, node.attempt.number);
    const digest = hash('sha256', token, 'base64');
    if (known !== undefined) names.delete(known.digest);
    tokens.set(node.name, { attempt, token, digest });
    names.set(digest, node.name);
    return token;
  };

  return {
    tokenOf,
    mediumNodeOf: (fleet, token) => {
      if (!/^[a-z2-7]{32}$/.test(token)) return undefined;
      for (const node of valuesOf(fleet.nodes)) {
        if (node.spec.boot !== 'virtualMedia' || node.job === undefined) continue;
        if (sameToken(mediumToken(secret, node.name, node.job.id), token)) return node;
      }
      return undefined;
    },
    nodeOf: (fleet, token) => {
      if (!/^[a-z2-7]{32}$/.test(token)) return undefined;
      const digest = hash('sha256', token, 'base64');
      // After a restart the book is empty until somebody asks.
      if (!names.has(digest) && scanned?.deref() !== fleet.nodes) {
        scanned = new WeakRef(fleet.nodes);
        for (const node of valuesOf(fleet.nodes)) tokenOf(node);
      }
      const name = names.get(digest);
      const node = name === undefined ? undefined : nodeOf(fleet, name);
      if (node === undefined) return undefined;
      const current = tokenOf(node);
      return current !== undefined && sameToken(current, token) ? node : undefined;
    },
  };
}

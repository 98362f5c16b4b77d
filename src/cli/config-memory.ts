import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskConfig } from '../talos/mask-config.ts';
import type { NameSecret } from '../talos/mask-text.ts';

/**
 * The configuration that each machine was served last, for the difference on the blast-radius page. Secrets are not kept:
 * a keyed hash stands in their place, so that a changed one shows as changed.
 */
export interface ConfigMemory {
  /** What stands in a secret's place, see `MARKS`. */
  readonly nameSecret: NameSecret;
  readonly remember: (node: string, text: string) => void;
  readonly recall: (node: string) => string | undefined;
  /** The boot script beside it, masked already. */
  readonly rememberScript: (node: string, script: string) => void;
  readonly recallScript: (node: string) => string | undefined;
}

const MARK_DIGITS = 12;
export const MARKS = /\bsecret [0-9a-f]{12}\b/g;

export function createConfigMemory(stateDir: string, key: Uint8Array): ConfigMemory {
  const folder = join(stateDir, 'configs');
  const fileOf = (node: string, kind: 'yaml' | 'ipxe') => join(folder, `${encodeURIComponent(node)}.${kind}`);
  const save = (file: string, text: string) => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const temporary = `${file}.new`;
      writeFileSync(temporary, text, { mode: 0o600 });
      renameSync(temporary, file);
    } catch {
      // A full disk costs the next difference, not the installation.
    }
  };
  const load = (file: string): string | undefined => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  };
  const nameSecret: NameSecret = (secret) =>
    `secret ${createHmac('sha256', key).update(secret).digest('hex').slice(0, MARK_DIGITS)}`;
  return {
    nameSecret,
    remember: (node, text) => save(fileOf(node, 'yaml'), maskConfig(text, nameSecret)),
    recall: (node) => load(fileOf(node, 'yaml')),
    rememberScript: (node, script) => save(fileOf(node, 'ipxe'), script),
    recallScript: (node) => load(fileOf(node, 'ipxe')),
  };
}

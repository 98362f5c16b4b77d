import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskConfig } from '../talos/mask-config.ts';

/**
 * The configuration that each machine was served last, for the difference on the blast-radius page. Secrets are not kept:
 * a keyed hash stands in their place, so that a changed one shows as changed.
 */
export interface ConfigMemory {
  readonly mark: (text: string) => string;
  readonly remember: (node: string, text: string) => void;
  readonly recall: (node: string) => string | undefined;
}

export function createConfigMemory(stateDir: string, key: Uint8Array): ConfigMemory {
  const folder = join(stateDir, 'configs');
  const fileOf = (node: string) => join(folder, `${encodeURIComponent(node)}.yaml`);
  const mark = (text: string) =>
    maskConfig(text, (secret) => `secret ${createHmac('sha256', key).update(secret).digest('hex').slice(0, 12)}`);
  return {
    mark,
    remember: (node, text) => {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const temporary = `${fileOf(node)}.new`;
        writeFileSync(temporary, mark(text), { mode: 0o600 });
        renameSync(temporary, fileOf(node));
      } catch {
        // A full disk costs the next difference, not the installation.
      }
    },
    recall: (node) => {
      try {
        return readFileSync(fileOf(node), 'utf8');
      } catch {
        return undefined;
      }
    },
  };
}

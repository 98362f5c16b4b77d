import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** What a user likes of the screen, kept per user. A broken file is told once and not written over. */
export interface Settings {
  readonly look?: Readonly<Record<string, unknown>>;
  readonly keys?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function settingsPath(env: Readonly<Record<string, string | undefined>>): string {
  const base = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(env.HOME ?? homedir(), '.config');
  return join(base, 'crashcart', 'settings.json');
}

export function loadSettings(env: Readonly<Record<string, string | undefined>>): {
  readonly settings: Settings;
  readonly problem?: string;
} {
  const path = settingsPath(env);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { settings: {} };
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { settings: value };
    return { settings: {}, problem: `${path} is no JSON object; the defaults are used` };
  } catch (error) {
    return {
      settings: {},
      problem: `${path}: ${error instanceof Error ? error.message : String(error)}; the defaults are used`,
    };
  }
}

export function saveSettings(env: Readonly<Record<string, string | undefined>>, settings: Settings): void {
  const path = settingsPath(env);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, `${JSON.stringify(settings, undefined, 2)}\n`);
    renameSync(temporary, path);
  } catch {
    // A read-only home is no reason to end a session at a rack.
  }
}

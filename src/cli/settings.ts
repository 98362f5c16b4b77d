import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseSettings, renderSettings, type Settings } from '../ui/settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadedSettings {
  /** Absent: there is no file, or one with faults, which is then not written over. */
  readonly settings?: Settings;
  readonly problems: readonly string[];
  readonly path: string;
}

function settingsPath(env: Environment): string {
  const base = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(env.HOME ?? homedir(), '.config');
  return join(base, 'crashcart', 'settings.json');
}

export function loadSettings(env: Environment): LoadedSettings {
  const path = settingsPath(env);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { problems: [], path };
  }
  const parsed = parseSettings(text);
  return parsed.ok ? { settings: parsed.value, problems: [], path } : { problems: parsed.error, path };
}

export function saveSettings(path: string, settings: Omit<Settings, 'keymap'>): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, renderSettings(settings));
    renameSync(temporary, path);
  } catch {
    // A read-only home is no reason to end a session at a rack.
  }
}

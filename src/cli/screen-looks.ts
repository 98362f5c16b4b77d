import type { ScreenOptions } from '../ui/screen/screen-options.ts';
import { readTerminalProfile } from '../ui/terminal/terminal-profile.ts';
import { type CommandContext, flag } from './command.ts';
import { type LoadedSettings, saveSettings } from './settings.ts';

type Looks = Pick<ScreenOptions, 'profile' | 'look' | 'keymap' | 'keepLook'>;

/** The operator's own looks and keys, on the terminal that is there. */
export function screenLooks(context: CommandContext, { settings, problems, path }: LoadedSettings): Looks {
  return {
    profile: readTerminalProfile(context.env, {
      ...(flag(context, 'ascii') ? { ascii: true } : {}),
      ...(flag(context, 'no-colour') ? { colour: false } : {}),
    }),
    ...(settings === undefined ? {} : { look: settings.look, keymap: settings.keymap }),
    keepLook: (look) => {
      if (problems.length === 0) saveSettings(path, { keys: {}, ...settings, look });
    },
  };
}

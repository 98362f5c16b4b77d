import { DIALOG_KEYS } from './dialog-keys.ts';
import type { Keymap } from './keymap.ts';
import { SCREEN_KEYS } from './screen-keys.ts';

/** As it comes; `remapKeys` lays the operator's own over it. */
export const DEFAULT_KEYMAP: Keymap = { ...SCREEN_KEYS, ...DIALOG_KEYS };

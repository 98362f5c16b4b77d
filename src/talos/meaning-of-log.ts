import { cleanText } from '../core/clean-text.ts';

/**
 * What a kernel log line adds to the events. The texts carry no version and change between releases:
 * they enrich, and no state rests on them alone, except where nothing else tells (percent, a kernel panic).
 */
export type LogFact =
  | { readonly kind: 'installing'; readonly disk: string }
  | { readonly kind: 'pulling'; readonly percent?: number; readonly step: string }
  | { readonly kind: 'installStep'; readonly step: string }
  | { readonly kind: 'installed'; readonly text: string }
  | { readonly kind: 'installFailed'; readonly message: string }
  | { readonly kind: 'configFailed'; readonly message: string }
  | { readonly kind: 'kexecPrepared' }
  | { readonly kind: 'kexecSkipped'; readonly why: string }
  | { readonly kind: 'alreadyInstalled' }
  | { readonly kind: 'maintenanceReachable' }
  /** Base64 of SHA-256 over the certificate's SPKI: pins the maintenance API. */
  | { readonly kind: 'fingerprint'; readonly value: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'panicked'; readonly message: string };

interface LogPattern {
  /** Versions whose sources or logs hold this text. */
  readonly seen: string;
  readonly by: 'kernel' | 'talos';
  readonly pattern: RegExp;
  readonly fact: (match: RegExpExecArray, text: string) => LogFact;
}

const PATTERNS: readonly LogPattern[] = [
  {
    seen: 'any Linux',
    by: 'kernel',
    pattern: /^(?:\[[ .\d]+\] ?)?(?:Kernel panic\b|Oops(?: - [a-z ]+)?:|BUG: unable to handle|watchdog: BUG:)/,
    fact: (_match, text) => ({ kind: 'panicked', message: cleanText(text, 200) }),
  },
  {
    seen: '1.9-1.14',
    by: 'talos',
    pattern: /installing Talos to disk "?(\/dev\/[\w/:.-]+)/,
    fact: (match) => ({ kind: 'installing', disk: match[1] ?? '' }),
  },
  {
    seen: '1.13-1.14',
    by: 'talos',
    pattern: /downloading \d+ layers? \([^)]*\) \((\d{1,3}(?:\.\d+)?)%\)/,
    fact: (match) => ({ kind: 'pulling', percent: Math.min(100, Number(match[1])), step: 'pulling the installer' }),
  },
  {
    seen: '1.9-1.14; with a colon from 1.13',
    by: 'talos',
    pattern: /pulling (?:image )?"?([\w./:@-]*installer[\w./:@-]*?)"?(?::|$|\s)/,
    fact: () => ({ kind: 'pulling', step: 'pulling the installer' }),
  },
  {
    seen: '1.10-1.14',
    by: 'talos',
    pattern: /created (EFI|BIOS|BOOT|META|STATE|EPHEMERAL) \([^)]*\) size/,
    fact: (match) => ({ kind: 'installStep', step: `partition ${match[1]}` }),
  },
  {
    seen: '1.11-1.14',
    by: 'talos',
    pattern: /updating EFI variables|created Talos Linux UKI boot entry/,
    fact: () => ({ kind: 'installStep', step: 'EFI variables' }),
  },
  {
    seen: '1.9-1.14',
    by: 'talos',
    pattern: /installation of v[\w.-]+ complete/,
    fact: (match) => ({ kind: 'installStep', step: match[0] }),
  },
  {
    seen: '1.9-1.14; the second text 1.14',
    by: 'talos',
    pattern: /\binstall successful\b|requesting reboot after successful install/,
    fact: (match) => ({ kind: 'installed', text: match[0] }),
  },
  {
    seen: '1.9-1.14',
    by: 'talos',
    pattern: /(?:task|phase) install \(\d+\/\d+\): failed|\binstall(?:ation)? failed\b|failed to install\b/i,
    fact: (_match, text) => ({ kind: 'installFailed', message: cleanText(text, 400) }),
  },
  {
    // What it says by ConfigLoadErrorEvent too; the only word of it where the event sink is not reached.
    seen: '1.9-1.14',
    by: 'talos',
    pattern: /controller failed\b.{0,200}?config\.AcquireController/,
    fact: (_match, text) => ({
      kind: 'configFailed',
      message: cleanText(/"error":\s?"(.*)"/.exec(text)?.[1] ?? text, 400),
    }),
  },
  { seen: '1.9-1.14', by: 'talos', pattern: /prepared kexec environment/, fact: () => ({ kind: 'kexecPrepared' }) },
  {
    seen: '1.9-1.14',
    by: 'talos',
    pattern: /kexec skipped as (.{1,120})/,
    fact: (match) => ({ kind: 'kexecSkipped', why: cleanText(match[1] ?? '', 120) }),
  },
  {
    seen: '1.8-1.14, every 30 s',
    by: 'talos',
    pattern: /already installed to disk but booted from another media and talos\.halt_if_installed/,
    fact: () => ({ kind: 'alreadyInstalled' }),
  },
  {
    seen: '1.9-1.14',
    by: 'talos',
    pattern: /this machine is reachable at:/,
    fact: () => ({ kind: 'maintenanceReachable' }),
  },
  {
    seen: '1.9-1.14',
    by: 'talos',
    pattern: /server certificate issued\b.{0,200}?\bfingerprint"?(?:=|:\s?)"?([A-Za-z0-9+/]{43}=)/,
    fact: (match) => ({ kind: 'fingerprint', value: match[1] ?? '' }),
  },
  { seen: '1.9-1.14', by: 'talos', pattern: /machine is running and ready/, fact: () => ({ kind: 'ready' }) },
];

/** The kernel's own words must not come from a user-space line that quotes them, and the other way round. */
export function meaningOfLog(text: string): LogFact | undefined {
  const fromTalos = text.startsWith('[talos]');
  for (const { by, pattern, fact } of PATTERNS) {
    if ((by === 'talos') !== fromTalos) continue;
    const match = pattern.exec(text);
    if (match !== null) return fact(match, text);
  }
  return undefined;
}

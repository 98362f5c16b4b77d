/**
 * Told when a session begins and ends, so that a later run can delete what a crash left behind. Never the token.
 * Before it is asked for it has no name yet: its location is `?` and the time, and what is returned is waited for.
 */
export type OnSession = (
  what: 'opened' | 'closed',
  session: { readonly bmcUrl: string; readonly location: string },
) => void | Promise<void>;

export const unnamedSession = (askedAtMs: number): string => `?${askedAtMs}`;

export function askedAtOf(location: string): number | undefined {
  const text = /^\?(\d{1,15})$/.exec(location)?.[1];
  return text === undefined ? undefined : Number(text);
}

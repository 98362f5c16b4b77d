import type { Personality } from './personality.ts';

/** What goes back over the wire, before the faults get at it. */
export interface SimAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly html?: string;
}

export const done = (status: number): SimAnswer => (status === 204 ? { status } : { status, json: {} });

/** A refusal in this family's own dress. */
export function refusal(
  personality: Personality,
  status: number,
  messageId: string,
  related: readonly string[] = [],
  said?: string,
): SimAnswer {
  const text = said ?? messageId.split('.').at(-1) ?? messageId;
  const whole = {
    MessageId: messageId,
    Message: text,
    Severity: 'Critical',
    ...(related.length > 0 ? { RelatedProperties: related } : {}),
  };
  const code = 'Base.1.8.GeneralError';
  switch (personality.errors) {
    case 'html':
      // The X10 sends JSON for what it knows, and a page where its web server answers first.
      if (status === 401 || status === 404) return { status, html: `<html><body><h1>${status}</h1></body></html>` };
      return { status, json: { error: { code, message: text, '@Message.ExtendedInfo': [whole] } } };
    case 'single':
      return { status, json: { error: { code, message: text, '@Message.ExtendedInfo': whole } } };
    case 'idsOnly':
      return {
        status,
        json: {
          error: {
            code: 'iLO.0.10.ExtendedInfo',
            message: 'See @Message.ExtendedInfo for more information.',
            '@Message.ExtendedInfo': [{ MessageId: messageId, MessageArgs: related }],
          },
        },
      };
    case 'list':
      return { status, json: { error: { code, message: text, '@Message.ExtendedInfo': [whole] } } };
  }
}

import type { LinkClient } from '../link/connect-link.ts';
import { createScreenPort } from '../link/screen-over-link.ts';
import { renderClock } from '../ui/format/duration.ts';
import { runPlain } from '../ui/screen/run-plain.ts';
import type { ScreenEnd } from '../ui/screen/screen-options.ts';
import { type CommandContext, flag } from './command.ts';
import { engineNews } from './engine-news.ts';
import { heedSignals } from './heed-signals.ts';
import { keepDialling } from './keep-dialling.ts';
import type { ScreenSession } from './screen-session.ts';
import { siteLines } from './site-lines.ts';

/** A terminal that can only print lines gets lines. */
export const isPlain = (context: CommandContext): boolean =>
  flag(context, 'plain') || !process.stdout.isTTY || context.env.TERM === 'dumb';

/** Lines instead of a screen. They go on where the engine is started again, as a screen does. */
export async function openPlain(context: CommandContext, session: ScreenSession): Promise<ScreenEnd> {
  // A pipe that nobody reads ends it; a terminal that went away is a hang-up. Both may be before the engine is there.
  const gone = new Promise<ScreenEnd>((resolve) =>
    process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EPIPE' ? 'quit' : 'hangup')),
  );
  const { left } = heedSignals();
  const connecting = session.connect((step) => context.out(`starting: ${step}\n`));
  const client = await Promise.race([connecting, gone, left]);
  if (typeof client === 'string') {
    void connecting.then(({ close }) => close()).catch(() => undefined);
    return client;
  }
  const pace = flag(context, 'slow') ? 250 : 100;
  const zoneMinutes = -new Date().getTimezoneOffset();
  const say = (text: string): void => context.out(`${renderClock(Date.now(), zoneMinutes)} ${text}\n`);
  let over = false;
  let leave = (): void => undefined;
  const ended = new Promise<ScreenEnd>((resolve) => {
    const take = (here: LinkClient): void => {
      leave = here.close;
      const stop = runPlain(createScreenPort(here, pace), (line) => context.out(`${line}\n`), zoneMinutes, siteLines);
      here.onClose((reason) => {
        if (over) return;
        stop();
        say(`the engine is gone: ${reason}`);
        const { redial } = session;
        if (redial === undefined) resolve('quit');
        else leave = dialAgain(here, redial);
      });
    };
    const dialAgain = (before: LinkClient, redial: NonNullable<ScreenSession['redial']>): (() => void) => {
      let said = '';
      return keepDialling({
        dial: () => redial(before.write().mine),
        failed: (why) => {
          // One line for hours of waiting, and another where there is another reason.
          if (why !== said) say(`${why}. It is asked again every few seconds.`);
          said = why;
        },
        back: (next) => {
          say(engineNews(before, next).text);
          take(next);
        },
      });
    };
    take(client);
    void gone.then(resolve);
    void left.then(resolve);
  });
  const end = await ended;
  over = true;
  leave();
  return end;
}

/** What a simulated BMC does wrong. All may be changed while it runs. */
export interface SimFaults {
  /** Each answer waits this long, in simulated seconds. */
  readonly slowS?: number;
  /** This share of the requests is cut without an answer, 0 to 1; which ones is the same in every run. */
  readonly flapping?: number;
  /** The next so many requests (after the login) are answered with 503 and Retry-After. */
  readonly unavailable?: number;
  /** If-Match is refused whatever it holds, unless it is absent. */
  readonly wrongEtag?: boolean;
  /** Shows the override as set and boots the disk: always, or until a full payload comes while the machine is off. */
  readonly lyingOverride?: 'always' | 'untilFullAndOff';
  /** Answers 200 to the override and keeps the old one: always, or as long as the machine is on. */
  readonly deafOverride?: boolean | 'whileOn';
  readonly sessionLimit?: boolean;
  /** The next so many sessions are made, and their making is cut off before the answer is out. */
  readonly cutLogin?: number;
  /** There is no session service: Basic is all it knows. */
  readonly noSessions?: boolean;
  /** Basic is turned off. */
  readonly noBasic?: boolean;
  /** In so many starts firmware restarts itself in POST: the one-shot override is used up, and the disk is booted. */
  readonly losesOrder?: number;
  /** Firmware takes the override at the beginning of POST: it is gone from the BMC, and booted from all the same. */
  readonly takesOrderEarly?: boolean;
  /** Tells this power state until a power command comes: somebody was faster at the button. */
  readonly stalePower?: 'On' | 'Off';
  /** POST takes so many simulated minutes. */
  readonly postMinutes?: number;
  /** Where a write is answered with a task, that task ends badly. */
  readonly taskFails?: boolean;
  /** Boot settings are blocked by a configuration job of somebody else. */
  readonly jobQueued?: boolean;
  /** Power commands are accepted and do nothing. */
  readonly powerStuck?: boolean;
  /** Answers to GETs of the system stop in the middle: the next so many. */
  readonly cutMidBody?: number;
  /** These requests, counted from its first as 0, are carried out, and their answers stop: at once or in the middle. */
  readonly cutAt?: { readonly requests: ReadonlySet<number>; readonly where: 'before' | 'inside' };
  readonly html?: boolean;
  readonly hugeBody?: boolean;
  readonly redirectElsewhere?: string;
  readonly endlessPages?: boolean;
  /** One byte of the answer per simulated second. */
  readonly slowLoris?: boolean;
  readonly headerFlood?: boolean;
  /** Each JSON body goes through this on its way out. */
  readonly wrongShapes?: (json: unknown) => unknown;
  readonly passwordChange?: boolean;
  readonly wrongPassword?: boolean;
  /** A rejected login is answered with the password that was sent. */
  readonly echoesSecrets?: boolean;
}

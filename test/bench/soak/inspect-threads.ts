/**
 * Looks into every thread of a running Node by its inspector: what each holds after a forced collection. The program needs
 * no option for it but `--inspect`, so that what is measured is what operators run.
 */
export interface ThreadMemory {
  /** `main`, or the role of a worker: engine, bulk, sim. Several of one role are added up. */
  readonly role: string;
  readonly heapBytes: number;
  /** Buffers and other memory that hangs on the heap. */
  readonly externalBytes: number;
}

export interface ThreadInspector {
  /** Collects garbage in each thread, one after the other, and tells what is left. */
  readonly measure: () => Promise<readonly ThreadMemory[]>;
  /** The answer of an expression in the threads of one role. */
  readonly evaluate: (role: string, expression: string) => Promise<readonly unknown[]>;
  /** Any command of the inspector's protocol in the first thread of a role; `onEvent` gets what it tells on the way. */
  readonly command: (
    role: string,
    method: string,
    params?: object,
    onEvent?: (method: string, params: unknown) => void,
  ) => Promise<unknown>;
  readonly close: () => void;
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly sessionId?: string; readonly message?: string; readonly workerInfo?: unknown };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

type Send = (method: string, params?: object) => Promise<unknown>;

interface Session {
  readonly send: Send;
  /** Of a worker that is gone. */
  readonly fail: (why: string) => void;
  readonly take: (reply: Reply) => void;
  onEvent: ((method: string, params: unknown) => void) | undefined;
}

const LIMIT_MS = 120_000;

function createSession(post: (text: string) => void): Session {
  const waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (e: Error) => void }
  >();
  let lastId = 0;
  return {
    onEvent: undefined,
    send: (method, params = {}) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        const id = lastId;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error(`${method}: no answer in ${LIMIT_MS} ms`));
        }, LIMIT_MS);
        const over = () => clearTimeout(timer);
        waiting.set(id, {
          resolve: (value) => {
            over();
            resolve(value);
          },
          reject: (error) => {
            over();
            reject(error);
          },
        });
        post(JSON.stringify({ id, method, params }));
      }),
    take(reply) {
      if (reply.id === undefined) {
        this.onEvent?.(reply.method ?? '', reply.params);
        return;
      }
      const one = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (reply.error === undefined) one?.resolve(reply.result);
      else one?.reject(new Error(reply.error.message));
    },
    fail(why) {
      for (const one of waiting.values()) one.reject(new Error(why));
      waiting.clear();
    },
  };
}

const ROLE = `process.getBuiltinModule('node:worker_threads').workerData?.role ?? 'main'`;
const MEMORY = `(() => { const { heapUsed, external } = process.memoryUsage(); return { heapUsed, external }; })()`;

async function evaluateIn({ send }: Session, expression: string): Promise<unknown> {
  const answer = (await send('Runtime.evaluate', { expression, returnByValue: true })) as {
    readonly result: { readonly value?: unknown };
  };
  return answer.result.value;
}

/** `url` is what Node writes at its start: `Debugger listening on ws://127.0.0.1:PORT/ID`. */
export async function openInspector(url: string): Promise<ThreadInspector> {
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error(`the inspector at ${url} cannot be reached`)), {
      once: true,
    });
  });
  const workers = new Map<string, Session>();
  const main = createSession((text) => socket.send(text));
  main.onEvent = (method, raw) => {
    const params = (raw ?? {}) as NonNullable<Reply['params']>;
    const id = params.sessionId ?? '';
    if (method === 'NodeWorker.attachedToWorker') {
      const post = (message: string) =>
        void main.send('NodeWorker.sendMessageToWorker', { sessionId: id, message }).catch(() => undefined);
      workers.set(id, createSession(post));
    } else if (method === 'NodeWorker.detachedFromWorker') {
      workers.get(id)?.fail('the thread ended');
      workers.delete(id);
    } else if (method === 'NodeWorker.receivedMessageFromWorker')
      workers.get(id)?.take(JSON.parse(params.message ?? '{}') as Reply);
  };
  socket.addEventListener('message', ({ data }) => main.take(JSON.parse(String(data)) as Reply));
  await main.send('NodeWorker.enable', { waitForDebuggerOnStart: false });

  const roles = new Map<Session, string>();
  const roleOf = async (session: Session): Promise<string> => {
    const role = roles.get(session) ?? String(await evaluateIn(session, ROLE));
    roles.set(session, role);
    return role;
  };
  const withRole = async (role: string): Promise<readonly Session[]> => {
    const found: Session[] = [];
    for (const session of [main, ...workers.values()]) if ((await roleOf(session)) === role) found.push(session);
    return found;
  };
  const measure = async (session: Session): Promise<ThreadMemory> => {
    const role = await roleOf(session);
    await session.send('HeapProfiler.collectGarbage');
    const { heapUsed, external } = (await evaluateIn(session, MEMORY)) as { heapUsed: number; external: number };
    return { role, heapBytes: heapUsed, externalBytes: external };
  };
  return {
    async measure() {
      const sums = new Map<string, ThreadMemory>();
      for (const session of [main, ...workers.values()]) {
        const one = await measure(session);
        const before = sums.get(one.role);
        sums.set(one.role, {
          role: one.role,
          heapBytes: one.heapBytes + (before?.heapBytes ?? 0),
          externalBytes: one.externalBytes + (before?.externalBytes ?? 0),
        });
      }
      return [...sums.values()];
    },
    async evaluate(role, expression) {
      const answers: unknown[] = [];
      for (const session of await withRole(role)) answers.push(await evaluateIn(session, expression));
      return answers;
    },
    async command(role, method, params, onEvent) {
      const [session] = await withRole(role);
      if (session === undefined) throw new Error(`there is no thread ${role}`);
      if (onEvent !== undefined) session.onEvent = onEvent;
      return session.send(method, params);
    },
    close: () => socket.close(),
  };
}

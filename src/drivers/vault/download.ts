import { setTimeout as sleep } from 'node:timers/promises';
import { fail, ok, type Result } from '../../core/result.ts';
import { attemptDownload } from './download-attempt.ts';
import { type DownloadOptions, openTransfer, type Resumable, worthBytes } from './download-transfer.ts';

/** Fetches into `file`, and goes on where it was cut. The caller accepts or discards the file. */
export async function download(url: string, file: Resumable, options: DownloadOptions): Promise<Result<void>> {
  const { maxAttempts = 5, backoffMs = 500, signal } = options;
  const transfer = openTransfer(url, file, options);
  let attempts = 0;
  for (;;) {
    const before = file.receivedBytes();
    const result = await attemptDownload(transfer);
    if (result.is === 'done') return ok(undefined);
    if (signal?.aborted) return fail('stopped');
    if (result.is === 'never') return fail(result.reason);
    attempts = file.receivedBytes() - before >= worthBytes(transfer) ? 1 : attempts + 1;
    if (attempts >= maxAttempts)
      return fail(`${result.reason}; gave up after ${maxAttempts} attempts without progress`);
    options.onRetry?.(result.reason);
    await sleep(backoffMs * 2 ** (attempts - 1), undefined, signal === undefined ? {} : { signal }).catch(
      () => undefined,
    );
  }
}

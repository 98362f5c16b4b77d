import { textAt } from './config-documents.ts';
import { type ConfigDraft, documentIn, mainOf, putDocument, setIn, warn } from './config-draft.ts';

const KERNEL_LOG_NAME = 'crashcart';

/** The network boot's command line is gone after the install; these documents let the node report after its reboot. */
export function applyReporting(
  draft: ConfigDraft,
  endpoints: { readonly eventSink?: string; readonly kernelLog?: string },
): void {
  if (endpoints.eventSink !== undefined) {
    const before = documentIn(draft, 'EventSinkConfig');
    const written = before === undefined ? undefined : textAt(before.root, 'endpoint');
    if (written !== undefined && written !== endpoints.eventSink) {
      warn(draft, before, `event sink ${written} is replaced by ours: Talos knows one only`);
    }
    if (written !== endpoints.eventSink) putDocument(draft, 'EventSinkConfig', { endpoint: endpoints.eventSink });
  }
  if (endpoints.kernelLog !== undefined) {
    putDocument(draft, 'KmsgLogConfig', { url: endpoints.kernelLog }, KERNEL_LOG_NAME);
  }
}

const NO_KEXEC = 'kernel.kexec_load_disabled';

/** Some servers and NICs hang after a kexec: with this sysctl Talos resets through firmware instead. */
export function applyFirmwareReboot(draft: ConfigDraft): void {
  if (!draft.spec.firmwareReboot) return;
  const document = documentIn(draft, 'SysctlConfig');
  const main = mainOf(draft);
  if (document !== undefined) setIn(document, ['params', NO_KEXEC], '1');
  else if (main !== undefined) setIn(main, ['machine', 'sysctls', NO_KEXEC], '1');
}

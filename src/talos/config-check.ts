import type { NodeSpec } from '../core/spec.ts';
import type { ConfigDocument, ConfigProblem } from './config-documents.ts';
import type { TalosVersion } from './talos-version.ts';

/** What every check of a configuration looks at, and where it says what it found. */
export interface ConfigCheck {
  readonly spec: NodeSpec;
  readonly version: TalosVersion;
  readonly documents: readonly ConfigDocument[];
  readonly report: (
    severity: ConfigProblem['severity'],
    document: ConfigDocument | undefined,
    path: string,
    message: string,
  ) => void;
}

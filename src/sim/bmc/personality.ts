/** What makes one family of BMCs unlike another, as data. The server below reads it and knows no vendor. */
export type PersonalityName =
  | 'dell-idrac9-6'
  | 'dell-idrac9-7'
  | 'hpe-ilo5'
  | 'hpe-ilo6'
  | 'supermicro-x10'
  | 'supermicro-x11'
  | 'lenovo-xcc'
  | 'ami-megarac'
  | 'openbmc';

export type MacPlace = 'interfaces' | 'functions' | 'ports' | 'bootOptions' | 'hpeAdapters';

export interface Personality {
  readonly name: PersonalityName;
  readonly root: {
    readonly vendor?: string;
    readonly product?: string;
    readonly oem: Readonly<Record<string, unknown>>;
    readonly version: string;
  };
  readonly systemId: string;
  readonly managerId: string;
  readonly chassisId: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly managerModel: string;
  readonly firmware: string;
  readonly bios?: string;
  /** Placeholders that the vendor leaves where others have an identity. */
  readonly sku: 'serviceTag' | 'productNumber' | string;
  readonly serial: 'board' | 'chassis' | 'blank';
  /** Pseudo systems that stand in the collection beside the real one. */
  readonly decoys: readonly Readonly<Record<string, unknown>>[];
  readonly session: {
    readonly timeoutS: number;
    readonly limit: number;
    readonly createdStatus: 200 | 201;
    readonly location: 'relative' | 'absolute' | 'body';
    readonly fullStatus: number;
    readonly fullMessageId: string;
    /** What a session's resource tells of it, beside the user. */
    readonly shows: readonly ('origin' | 'created' | 'type' | 'hpe')[];
    /** Whether an unknown token is answered with 401 or 403. */
    readonly goneStatus: 401 | 403;
  };
  readonly etag: 'none' | 'weak' | 'strong' | 'required' | 'bodyOnly';
  readonly settings?: { readonly path: string; readonly properties: readonly string[]; readonly listsTargets: boolean };
  readonly boot: {
    readonly targets: readonly string[];
    readonly mode: 'present' | 'annotated' | 'absent';
    readonly enabledValues?: readonly string[];
    /** Enabled, Target and Mode must all be in one PATCH. */
    readonly wantsAll?: boolean;
    /** `Disabled` together with `None` is refused. */
    readonly refusesDisabledNone?: boolean;
    /** What a one-shot PXE is shown as once it is set. */
    readonly pxeShownAs?: string;
    /** Writes during POST are refused with this message. */
    readonly busyInPost?: { readonly status: number; readonly messageId: string };
  };
  readonly reset: {
    readonly values: readonly string[];
    readonly via: 'inline' | 'actionInfo' | 'both';
    readonly alreadyThere: { readonly status: number; readonly messageId?: string };
    /** `On` right after off is refused for this long, in seconds. */
    readonly coolDownS?: number;
    readonly answer: 200 | 202 | 204;
  };
  readonly macs: readonly MacPlace[];
  readonly usbNic: boolean;
  readonly led: {
    readonly properties: readonly ('IndicatorLED' | 'LocationIndicatorActive')[];
    readonly on: 'system' | 'chassis';
    readonly resting: 'Lit' | 'Off';
  };
  readonly progress: 'bootProgress' | 'hpePostState' | 'both' | 'none';
  readonly media: {
    readonly at: 'system' | 'manager';
    readonly slots: readonly {
      readonly id: string;
      readonly types: readonly string[];
      readonly by: 'action' | 'patch' | 'none';
    }[];
    readonly refuses: readonly string[];
    readonly wants: readonly string[];
    readonly emptyImage: null | '' | 'None';
  };
  readonly log: {
    readonly at: 'system' | 'manager';
    readonly id: string;
    readonly order: 'newestFirst' | 'oldestFirst';
    readonly inline: boolean;
    readonly pageSize: number;
    readonly others: readonly string[];
  };
  readonly drives: 'storage' | 'storageCollection' | 'simpleStorage' | 'none';
  readonly processors: 'summary' | 'members';
  /** ExtendedInfo as a list, as one object (iDRAC), as ids and arguments alone (iLO), or no JSON at all. */
  readonly errors: 'list' | 'single' | 'idsOnly' | 'html';
  readonly gzip?: boolean;
  /** Simulated seconds, scaled by the simulator. */
  readonly times: {
    readonly powerS: number;
    readonly postS: number;
    readonly shutdownS: number;
    readonly answerS: number;
  };
}

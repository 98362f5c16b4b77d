import type { FrameLine } from '../widgets/frame.ts';

/** What stands in the frame of a dialog, and the size of the frame. */
export interface Content {
  readonly title: string;
  readonly lines: readonly FrameLine[];
  readonly width: number;
  readonly height: number;
}

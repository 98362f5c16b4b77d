import { Box, Text } from 'ink';
import { memo } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { StoreApi } from 'zustand/vanilla';
import type { ScreenModel } from '../state/screen-model.ts';
import type { TerminalProfile } from '../terminal/terminal-profile.ts';
import { type Box as Place, type Scene, sceneOf } from '../widgets/scene.ts';

export type ScreenStore = StoreApi<ScreenModel>;
export type Draw = (scene: Scene, box: Place) => readonly string[];

/** One text node per line. It is drawn again only when its own text changed, whatever else did. */
export const Line = memo(({ text }: { readonly text: string }) => <Text wrap="truncate">{text}</Text>);
Line.displayName = 'Line';

interface PaneProps {
  readonly store: ScreenStore;
  readonly profile: TerminalProfile;
  readonly draw: Draw;
  readonly width: number;
  readonly height: number;
  readonly label?: string;
}

/**
 * A rectangle of lines made by a pure function of the model: the selector returns text, so nothing redraws for nothing.
 * A line is cut to its place already: letting Ink clip it too would cost an eighth of each frame.
 */
export function Pane({ store, profile, draw, width, height, label }: PaneProps) {
  const lines = useStore(
    store,
    useShallow((model) => draw(sceneOf(model, profile), { width, height })),
  );
  return (
    <Box
      flexDirection="column"
      width={width}
      height={height}
      flexShrink={0}
      overflowY="hidden"
      {...(label === undefined ? {} : { 'aria-label': label })}
    >
      {lines.slice(0, height).map((text, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
        <Line key={at} text={text} />
      ))}
    </Box>
  );
}

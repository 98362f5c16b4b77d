import { Box, Text } from 'ink';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { renderDialog } from '../dialogs/render-dialog.ts';
import { renderFleetPane } from '../screens/fleet-pane.ts';
import { renderHeader } from '../screens/header.ts';
import { renderKeyLine } from '../screens/key-line.ts';
import { renderNodePane } from '../screens/node-pane.ts';
import { renderProblemLine } from '../screens/problem-line.ts';
import { renderRackPane } from '../screens/rack-screen.ts';
import { renderBody } from '../screens/render-body.ts';
import { toastBlock } from '../screens/toast-lines.ts';
import { renderTooSmall } from '../screens/too-small.ts';
import { FLEET_PANE_COLUMNS, type Layout, layoutFor, NODE_PANE_COLUMNS } from '../select/layout.ts';
import { nodeUnderCursor } from '../state/move-cursor.ts';
import { routeOf } from '../state/ui-state.ts';
import type { TerminalProfile } from '../terminal/terminal-profile.ts';
import { type Box as Place, type Scene, sceneOf } from '../widgets/scene.ts';
import { Line, Pane, type ScreenStore } from './pane.tsx';

export interface AppProps {
  readonly store: ScreenStore;
  readonly profile: TerminalProfile;
}

/** Layout only: which panes there are. What stands in them is drawn by pure functions of the model. */
export function App({ store, profile }: AppProps) {
  const { columns, rows, wide } = useStore(
    store,
    useShallow(({ ui, link }) => ({
      ...ui.size,
      wide:
        link.is !== 'connecting' &&
        routeOf(ui).is === 'rack' &&
        !ui.zoomed &&
        layoutFor(ui.size.columns, ui.size.rows).kind === 'wide',
    })),
  );
  const layout = layoutFor(columns, rows);
  const pane = { store, profile, width: columns };
  if (layout.kind === 'tooSmall') return <Pane {...pane} draw={renderTooSmall} height={rows} />;
  return (
    <Box flexDirection="column" width="100%" height={rows} overflowY="hidden">
      <Pane {...pane} draw={renderHeader} height={layout.header} />
      {wide ? (
        <WideRack store={store} profile={profile} layout={layout} />
      ) : (
        <Pane {...pane} draw={renderBody} height={layout.body} />
      )}
      {layout.hasProblemLine && !wide ? <Pane {...pane} draw={drawProblemLine} height={1} /> : null}
      <Pane {...pane} draw={wide ? drawWideKeys : layout.hasProblemLine ? drawKeys : drawKeysAndRow} height={1} />
      <Layer store={store} profile={profile} columns={columns} rows={rows} place={placeToast} label="message" />
      <Layer store={store} profile={profile} columns={columns} rows={rows} place={placeDialog} label="dialog" />
    </Box>
  );
}

const drawProblemLine = (scene: Scene, { width }: Place) => [renderProblemLine(scene, width)];
const drawKeys = (scene: Scene, { width }: Place) => [renderKeyLine(scene, width, true)];
const drawKeysAndRow = (scene: Scene, { width }: Place) => [renderKeyLine(scene, width, false)];
const drawWideKeys = drawKeysAndRow;

interface WideProps extends AppProps {
  readonly layout: Layout;
}

/** fleet | rack | node, with a rule above and below. */
function WideRack({ store, profile, layout }: WideProps) {
  const height = layout.rows - layout.header - 3;
  const middle = layout.columns - FLEET_PANE_COLUMNS - NODE_PANE_COLUMNS - 2;
  const one = { store, profile, height };
  return (
    <>
      <Pane store={store} profile={profile} draw={drawUpperRule} width={layout.columns} height={1} />
      <Box flexDirection="row" height={height} width={layout.columns} overflowY="hidden">
        <Pane {...one} draw={renderFleetPane} width={FLEET_PANE_COLUMNS} label="fleet" />
        <Divider store={store} profile={profile} height={height} />
        <Pane {...one} draw={renderRackPane} width={middle} label="rack" />
        <Divider store={store} profile={profile} height={height} />
        <Pane {...one} draw={drawNodePane} width={NODE_PANE_COLUMNS} label="node" />
      </Box>
      <Pane store={store} profile={profile} draw={drawLowerRule} width={layout.columns} height={1} />
    </>
  );
}

const drawNodePane = (scene: Scene, box: Place) => renderNodePane(scene, nodeUnderCursor(scene.model), box);
const drawUpperRule = (scene: Scene, box: Place) => [rule(scene, box, scene.theme.glyphs.teeDown)];
const drawLowerRule = (scene: Scene, box: Place) => [rule(scene, box, scene.theme.glyphs.teeUp)];

function rule({ theme }: Scene, { width }: Place, tee: string): string {
  const line = theme.glyphs.horizontal;
  const middle = width - FLEET_PANE_COLUMNS - NODE_PANE_COLUMNS - 2;
  return line.repeat(FLEET_PANE_COLUMNS) + tee + line.repeat(middle) + tee + line.repeat(NODE_PANE_COLUMNS);
}

/** One text node for the whole line: each of its characters as its own row would cost a third of the frame. */
function Divider({ store, profile, height }: AppProps & { readonly height: number }) {
  const vertical = useStore(store, (model) => sceneOf(model, profile).theme.glyphs.vertical);
  return (
    <Box width={1} height={height} flexShrink={0}>
      <Text>{Array.from({ length: height }, () => vertical).join('\n')}</Text>
    </Box>
  );
}

interface Placed {
  readonly left: number;
  readonly top: number;
  readonly lines: readonly string[];
}
const placeDialog = (scene: Scene, box: Place): Placed | undefined => renderDialog(scene, box);
const placeToast = (scene: Scene, box: Place): Placed | undefined => {
  const block = toastBlock(scene, box);
  return block === undefined ? undefined : { left: 0, ...block };
};

interface LayerProps extends AppProps {
  readonly columns: number;
  readonly rows: number;
  readonly place: (scene: Scene, box: Place) => Placed | undefined;
  readonly label: string;
}

/** Lines over the screen: a dialog, a message that one line does not hold. */
function Layer({ store, profile, columns, rows, place, label }: LayerProps) {
  // The place as the first two items: one flat array keeps the comparison shallow.
  const [left, top, ...lines] = useStore(
    store,
    useShallow((model): readonly (number | string)[] => {
      const placed = place(sceneOf(model, profile), { width: columns, height: rows });
      return placed === undefined ? [0, 0] : [placed.left, placed.top, ...placed.lines];
    }),
  );
  if (lines.length === 0) return null;
  return (
    <Box
      position="absolute"
      flexDirection="column"
      marginLeft={Number(left)}
      marginTop={Number(top)}
      aria-label={label}
    >
      {lines.map((text, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place in the layer
        <Line key={at} text={String(text)} />
      ))}
    </Box>
  );
}

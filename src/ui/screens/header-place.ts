import { layoutFor } from '../select/layout.ts';
import { routeOf } from '../state/ui-state.ts';
import { showText } from '../terminal/fit-text.ts';
import type { Scene } from '../widgets/scene.ts';
import type { Span } from '../widgets/spans.ts';

/** ` > r07 > r07-u33`, or ` rack 7/12 r07`. */
export function placeSpans({ model, theme }: Scene): readonly Span[] {
  const show = (text: string) => showText(text, theme.set, 40);
  const { racks, rack, total } = model.view;
  const route = routeOf(model.ui);
  if (route.is === 'rack' || route.is === 'list') {
    const wide = layoutFor(model.ui.size.columns, model.ui.size.rows).kind === 'wide' || route.is === 'list';
    const site = show(model.fleet.site);
    if (wide && model.ui.size.columns < 60) return [` ${site} ${total}:`];
    if (wide) return [` ${site}  ${racks.length} ${racks.length === 1 ? 'rack' : 'racks'} ${total} nodes`];
    const at = racks.findIndex((one) => one.name === rack) + 1;
    return rack === undefined ? [` ${site}`] : [` rack ${at}/${racks.length} ${show(rack)}`];
  }
  const crumbs: readonly string[] =
    route.is === 'node' || route.is === 'plan'
      ? [
          show(model.view.racks.find((one) => one.nodes.includes(route.node))?.name ?? '-'),
          show(route.node),
          ...(route.is === 'plan' ? ['plan'] : []),
        ]
      : route.is === 'bringUp'
        ? [`bring up rack ${show(rack ?? '-')}`]
        : [route.is];
  return crumbs.flatMap((crumb, at): readonly Span[] => [' > ', at === crumbs.length - 1 ? [crumb, 'bold'] : crumb]);
}

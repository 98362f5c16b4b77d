import { unreachable } from '../../core/result.ts';
import { routeOf } from '../state/ui-state.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { renderBringUpScreen } from './bring-up-screen.ts';
import { renderDiscoveryScreen } from './discovery-screen.ts';
import { renderHistoryScreen } from './history-screen.ts';
import { renderJobsScreen } from './jobs-screen.ts';
import { renderListScreen } from './list-screen.ts';
import { renderNodeScreen } from './node-screen.ts';
import { renderPlanScreen } from './plan-screen.ts';
import { renderRackScreen } from './rack-screen.ts';
import { renderServicesScreen } from './services-screen.ts';
import { renderStartingScreen } from './starting-screen.ts';

/** The screen that is on top of the crumbs, in the place between header and status. */
export function renderBody(scene: Scene, box: Box): string[] {
  if (scene.model.link.is === 'connecting') return renderStartingScreen(scene, box);
  const route = routeOf(scene.model.ui);
  switch (route.is) {
    case 'rack':
      return renderRackScreen(scene, box);
    case 'list':
      return renderListScreen(scene, box);
    case 'node':
      return renderNodeScreen(scene, box);
    case 'plan':
      return renderPlanScreen(scene, box);
    case 'discovery':
      return renderDiscoveryScreen(scene, box);
    case 'bringUp':
      return renderBringUpScreen(scene, box);
    case 'jobs':
      return renderJobsScreen(scene, box);
    case 'services':
      return renderServicesScreen(scene, box);
    case 'history':
      return renderHistoryScreen(scene, box);
    default:
      return unreachable(route);
  }
}

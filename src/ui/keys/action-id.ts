/** Everything that a key can ask for, as data: help, hints and the palette are made from this table and from the keymap. */
export type Tier =
  /** Looks only. */
  | 'read'
  /** Can be taken back; one node at once, several after the count was typed. */
  | 'reversible'
  /** Takes a machine out of service for a while: the name is typed. */
  | 'disruptive'
  /** Erases: facts first, then the name is typed. */
  | 'destructive'
  /** Opens a lock: reason and phrase. */
  | 'locked';

export type ActionGroup = 'move' | 'find' | 'marks' | 'act' | 'site' | 'screens' | 'log' | 'view' | 'quit' | 'dialog';

export interface ActionInfo {
  readonly help: string;
  /** For the line of hints at the bottom; the shorter the better. */
  readonly hint?: string;
  readonly group: ActionGroup;
  readonly tier: Tier;
  /** Runs on the marked nodes, or on the one under the cursor. */
  readonly onNodes?: true;
}

const info = (group: ActionGroup, help: string, hint?: string): ActionInfo => ({
  group,
  help,
  tier: 'read',
  ...(hint === undefined ? {} : { hint }),
});
const acts = (tier: Tier, help: string, hint?: string): ActionInfo => ({
  ...info('act', help, hint),
  tier,
  onNodes: true,
});

export const ACTIONS = {
  up: info('move', 'up'),
  down: info('move', 'down'),
  left: info('move', 'column or pane to the left'),
  right: info('move', 'column or pane to the right'),
  pageUp: info('move', 'half a page up'),
  pageDown: info('move', 'half a page down'),
  first: info('move', 'first'),
  last: info('move', 'last'),
  rackBack: info('move', 'previous rack', 'rack'),
  rackOn: info('move', 'next rack'),
  open: info('move', 'open details', 'detail'),
  back: info('move', 'back, close, clear'),
  pane: info('move', 'next pane'),
  filter: info('find', 'filter, live', 'filter'),
  palette: info('find', 'command palette', 'command'),
  help: info('find', 'this help', 'help'),
  alarms: info('find', 'alarms: what is wrong here, in full', 'alarms'),
  problemOn: info('find', 'next problem', 'next'),
  problemBack: info('find', 'previous problem'),
  mark: info('marks', 'mark', 'mark'),
  markRange: info('marks', 'mark from the last mark to here'),
  markAll: info('marks', 'mark all that are shown'),
  clearMarks: info('marks', 'clear the marks'),
  menu: info('act', 'menu of actions', 'actions'),
  retry: acts('reversible', 'retry the failed step', 'retry'),
  install: acts('destructive', 'install (halts if a system is there)', 'install'),
  reinstall: acts('destructive', 'reinstall (asks for the name)', 'reinstall'),
  wipe: acts('destructive', 'wipe the disks (asks for the name)'),
  inspect: acts('disruptive', 'inspect: boot into maintenance, write nothing'),
  rescue: acts('disruptive', 'rescue: boot a system in memory'),
  cancelJob: acts('reversible', 'cancel the job', 'cancel'),
  power: info('act', 'power menu (BMC)', 'power'),
  powerOn: acts('reversible', 'power on'),
  powerOff: acts('disruptive', 'power off, asking the system first'),
  powerForceOff: acts('disruptive', 'power off at once'),
  powerCycle: acts('disruptive', 'power cycle'),
  powerReset: acts('disruptive', 'reset'),
  locate: acts('reversible', 'blink the locator LED'),
  hold: acts('reversible', 'hold (asks why): answer nothing but local boot; or release'),
  release: acts('reversible', 'release the hold'),
  protect: acts('reversible', 'protect (asks why): nothing writes its disks; or lift that', 'protect'),
  unprotect: acts('reversible', 'lift the protection (asks for the name)'),
  readBmc: acts('reversible', 'read the BMC again'),
  bootDisk: acts('reversible', 'boot the disk that is there (after a halt)'),
  bootstrap: acts('disruptive', 'bootstrap etcd on this node'),
  talosReboot: acts('disruptive', 'reboot by Talos, asking the node itself'),
  talosCheck: acts('reversible', 'ask its Talos API what it runs'),
  applyConfig: acts('disruptive', 'apply the machine configuration (writes no disk)'),
  drift: info('act', 'differences from the inventory: apply, adopt, ignore', 'differs'),
  adoptDrift: { ...info('act', 'adopt a difference into the inventory'), tier: 'reversible' },
  ignoreDrift: { ...info('act', 'ignore a difference until it changes'), tier: 'reversible' },
  serial: acts('reversible', 'serial console (~. to leave)', 'console'),
  edit: { ...info('act', 'edit the YAML of the node'), tier: 'reversible' },
  planPage: info('act', 'plan: disks, script, configuration, difference', 'plan'),
  planOn: info('act', 'plan of the next kind of job', 'kind'),
  planBack: info('act', 'plan of the previous kind of job'),
  adopt: { ...info('act', 'adopt into the inventory', 'adopt'), tier: 'reversible' },
  ignore: { ...info('act', 'ignore, or stop ignoring'), tier: 'reversible' },
  trust: { ...info('act', 'confirm the certificate of the BMC'), tier: 'disruptive', onNodes: true },
  wave: { ...info('site', 'install in waves: canary first'), tier: 'destructive', onNodes: true },
  waveErase: { ...info('site', 'reinstall in waves: canary first'), tier: 'destructive', onNodes: true },
  wavePause: { ...info('site', 'pause the wave', 'pause'), tier: 'reversible' },
  waveResume: { ...info('site', 'go on: the wave, or the next step (asks)', 'go on'), tier: 'destructive' },
  waveCancel: { ...info('site', 'cancel the rest of the wave (asks)'), tier: 'disruptive' },
  panic: { ...info('site', 'PANIC: every answer becomes local boot; or its end (asks)'), tier: 'reversible' },
  breakGlass: { ...info('site', 'break glass: 15 minutes without the lock'), tier: 'locked' },
  discovery: { ...info('site', 'discovery: strangers boot into maintenance for 30 min'), tier: 'disruptive' },
  restart: { ...info('site', 'restart the service'), tier: 'disruptive' },
  export: info('site', 'export: report, packets', 'export'),
  exportRun: info('site', 'write the hand-over report of this run'),
  exportWave: info('site', 'write the hand-over report of the wave'),
  exportPackets: { ...info('site', 'write the last packets of the node (pcapng)'), onNodes: true },
  showRacks: info('screens', 'racks'),
  showList: info('screens', 'list'),
  showDiscovery: info('screens', 'discovery', 'discover'),
  showServices: info('screens', 'services'),
  showHistory: info('screens', 'history'),
  showJobs: info('screens', 'jobs and waves'),
  showBringUp: info('screens', 'bring-up'),
  follow: info('log', 'follow on, off', 'follow'),
  wrap: info('log', 'wrap long lines'),
  level: info('log', 'level: all, info, warnings, errors'),
  search: info('log', 'search', 'search'),
  matchOn: info('log', 'next match'),
  matchBack: info('log', 'previous match'),
  saveLog: info('log', 'save the log to a file'),
  pager: info('log', 'open the log in less'),
  zoom: info('view', 'zoom the pane', 'zoom'),
  wide: info('view', 'wide columns'),
  columns: info('view', 'choose the columns of the list', 'columns'),
  sort: info('view', 'sort by the next column', 'sort'),
  sortBack: info('view', 'reverse the order'),
  ascii: info('view', 'ASCII only'),
  colour: info('view', 'colours on, off, colour-blind'),
  mouse: info('view', 'mouse on, off (off: the terminal selects text)'),
  bell: info('view', 'bell on failure on, off'),
  title: info('view', 'window title on, off'),
  redraw: info('view', 'redraw'),
  copy: info('view', 'copy the line', 'copy'),
  quit: info('quit', 'quit (the work goes on where it can)', 'quit'),
  interrupt: info('quit', 'asks once, then quits'),
  suspend: info('quit', 'to the shell'),
  confirm: info('dialog', 'confirm'),
  cancel: info('dialog', 'close without doing anything', 'cancel'),
  fieldOn: info('dialog', 'next field', 'next field'),
  fieldBack: info('dialog', 'previous field'),
  toggle: info('dialog', 'on, off'),
  earlier: info('dialog', 'one place to the left'),
  later: info('dialog', 'one place to the right'),
  usual: info('dialog', 'as it was at first'),
} as const satisfies Record<string, ActionInfo>;

export type ActionId = keyof typeof ACTIONS;

export const ACTION_IDS = Object.keys(ACTIONS) as readonly ActionId[];

export const actionInfo = (id: ActionId): ActionInfo => ACTIONS[id];

import { LineCounter } from 'yaml';
import { canonicalUuid, normaliseMac, normaliseUuid, realName } from '../core/identity.ts';
import { type CsvCell, parseCsvRows } from './csv-rows.ts';
import { given } from './given.ts';
import { parseIpv4 } from './ipv4.ts';
import { hostNameFrom, type Imported, type NewFile, renderYaml } from './render-machine.ts';
import { createReport, quote, type Report, renderPlace } from './report.ts';
import { type Spot, startOf } from './yaml-tree.ts';

/** What vendors, resellers and spreadsheets call the columns, without case, blanks and dashes. */
const COLUMNS: Readonly<Record<string, RegExp>> = {
  serial: /^(serial(number|no|nr)?|sn|servicetag|chassis(serial|sn)|systemserial(number)?)$/,
  boardSerial: /^((mother)?board|mb)(serial(number)?|sn)$/,
  bmcMac: /^(bmc|ipmi|idrac|ilo|xcc|oob|mgmt|management)mac(address)?$/,
  mac: /^((pxe|boot|nic\d*|eth\d*|lan\d*|port\d*)?mac(s|address(es)?)?\d*|nic\d+|eth\d+|lan\d+)$/,
  hostname: /^(host(name)?|name|node(name)?|fqdn|server(name)?)$/,
  rack: /^(rack(name|no)?|cabinet)$/,
  unit: /^(u|ru|(rack)?unit|(u|rack)?position|(start|lowest)u)$/,
  height: /^(height|(u)?size|units|heightu)$/,
  slot: /^(slot|bay|sled|chassisslot)$/,
  bmcIp: /^(bmc|ipmi|idrac|ilo|xcc|oob|mgmt|management)(ip(v4)?|address|ipaddress|host|url)?$/,
  asset: /^(asset(tag|no|number|id)?|inventory(no|number)?)$/,
  model: /^(model|product(name)?|type|description)$/,
  uuid: /^(uuid|systemuuid|guid)$/,
  ip: /^(ip(v4)?(address)?|hostip)$/,
  role: /^role$/,
  cluster: /^cluster$/,
};

type Column = 'serial' | 'boardSerial' | 'hostname' | 'rack' | 'unit' | 'height' | 'slot' | 'bmcIp' | 'bmcMac';
type AnyColumn = Column | 'mac' | 'asset' | 'model' | 'uuid' | 'ip' | 'role' | 'cluster';

interface Row {
  /** The cells of a column; several for MACs. */
  cells(column: AnyColumn): readonly CsvCell[];
  text(column: AnyColumn): string | undefined;
  readonly at: Spot;
}

const columnOf = (title: string): string | undefined => {
  const plain = title.toLowerCase().replace(/[^a-z0-9]/g, '');
  return Object.entries(COLUMNS).find(([, pattern]) => pattern.test(plain))?.[0];
};

/** An unknown column costs a warning: half of every packing list is for somebody else. */
function readHeader(cells: readonly CsvCell[], report: Report): (string | undefined)[] {
  const columns = cells.map((cell) => columnOf(cell.text));
  for (const [index, cell] of cells.entries()) {
    const column = columns[index];
    if (column === undefined && cell.text !== '') report.warn(cell.at, `column ${quote(cell.text)} is not used`);
    const first = columns.indexOf(column);
    if (column === undefined || column === 'mac' || first === index) continue;
    report.error(cell.at, `columns ${quote(cells[first]?.text)} and ${quote(cell.text)} both name the ${column}`);
  }
  return columns;
}

function toRow(columns: readonly (string | undefined)[], cells: readonly CsvCell[], file: string): Row {
  const of = (column: AnyColumn) => cells.filter((cell, index) => columns[index] === column && cell.text !== '');
  return { cells: of, text: (column) => of(column)[0]?.text, at: cells[0]?.at ?? startOf(file) };
}

function macsOf(row: Row, report: Report): string[] {
  const macs: string[] = [];
  for (const cell of row.cells('mac')) {
    for (const part of cell.text.split(/[\s,;|/]+/)) {
      const mac = normaliseMac(part);
      const isNumber = /^[0-9.,]+e\+?\d+$/i.test(part);
      const why = isNumber
        ? 'the spreadsheet turned it into a number; format the column as text'
        : 'expected 52:54:00:0a:21:01';
      if (mac === undefined) report.error(cell.at, `${quote(part)} is no MAC address; ${why}`);
      else if (!macs.includes(mac)) macs.push(mac);
    }
  }
  return macs;
}

/** `U33`, `33U` and `33-34` are all seen; the lowest unit counts, and a range tells the height. */
function placeOf(row: Row, report: Report): { unit?: number; height?: number } {
  const numbersOf = (column: 'unit' | 'height'): number[] => {
    const [cell] = row.cells(column);
    const numbers = (cell?.text.match(/\d+/g) ?? []).map(Number);
    const isGood = numbers.length > 0 && numbers.every((one) => one >= 1 && one <= 100);
    if (cell === undefined || isGood) return numbers;
    report.error(cell.at, `${quote(cell.text)} is no rack unit; expected 33`);
    return [];
  };
  const units = numbersOf('unit');
  const range = units.length === 2 ? Math.abs((units[1] ?? 0) - (units[0] ?? 0)) + 1 : undefined;
  const [height = range] = numbersOf('height');
  return given({ unit: units.length === 0 ? undefined : Math.min(...units), height });
}

/** No packing list holds a password that should be kept: a reference stands in for it. */
function bmcOf(row: Row, report: Report): Record<string, string> | undefined {
  const [cell] = row.cells('bmcIp');
  if (cell === undefined) return undefined;
  const host = cell.text.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  if (parseIpv4(host) === undefined && !/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/i.test(host)) {
    report.error(cell.at, `${quote(cell.text)} is no address of a BMC; expected 10.21.7.33`);
    return undefined;
  }
  return { url: `https://${host}`, username: 'admin', password: 'env:BMC_PASSWORD' };
}

function nameOf(row: Row, column: 'serial' | 'boardSerial' | 'asset', report: Report): string | undefined {
  const [cell] = row.cells(column);
  const name = realName(cell?.text);
  if (cell !== undefined && name === undefined) {
    report.warn(cell.at, `${quote(cell.text)} is a placeholder; left out`);
  }
  return name;
}

interface Machine {
  readonly name: string;
  readonly folder: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly row: Row;
}

/** Without a host name the place names the machine, and without a place its serial. */
function toMachine(row: Row, report: Report): Machine | undefined {
  const serial = nameOf(row, 'serial', report);
  const macs = macsOf(row, report);
  const { unit, height } = placeOf(row, report);
  const [rack, slot] = [row.text('rack'), row.text('slot')];
  const place =
    rack !== undefined && unit !== undefined ? `${rack}-u${unit}${slot === undefined ? '' : `-${slot}`}` : '';
  const name = hostNameFrom(row.text('hostname')?.replace(/\..*$/, '') ?? (place === '' ? (serial ?? '') : place));
  const uuid = normaliseUuid(row.text('uuid'));
  if (row.text('uuid') !== undefined && uuid === undefined)
    report.error(row.at, `${quote(row.text('uuid'))} is no UUID`);
  const written = row.text('hostname');
  if (name === undefined && written !== undefined) {
    report.error(row.at, `${quote(written)} is no host name: letters, digits and dashes`);
    return undefined;
  }
  if (name === undefined || (macs.length === 0 && serial === undefined && uuid === undefined)) {
    report.error(row.at, 'no serial, MAC or UUID in this line: nothing to know the machine by');
    return undefined;
  }
  const labels = given({ model: row.text('model'), bmcMac: normaliseMac(row.text('bmcMac')) });
  const values = given({
    rack,
    unit,
    height,
    slot,
    role: row.text('role')?.toLowerCase(),
    cluster: row.text('cluster'),
    macs,
    uuid,
    serial,
    boardSerial: nameOf(row, 'boardSerial', report),
    asset: nameOf(row, 'asset', report),
    bmc: bmcOf(row, report),
    ip: row.text('ip'),
    labels: Object.keys(labels).length === 0 ? undefined : labels,
  });
  return { name, folder: rack === undefined ? '' : `${hostNameFrom(rack) ?? 'rack'}/`, values, row };
}

/** Each thing that only one line may say, with the line that said it first. */
function checkTwins(machines: readonly Machine[], report: Report): void {
  const first = new Map<string, Spot>();
  for (const { name, values, row } of machines) {
    const claims: [string, AnyColumn, string][] = [['host name', 'hostname', name]];
    for (const mac of (values.macs as string[] | undefined) ?? []) claims.push(['MAC', 'mac', mac]);
    const [serial, board] = [values.serial, values.boardSerial];
    if (serial !== undefined && board === undefined) claims.push(['serial', 'serial', String(serial)]);
    if (board !== undefined) claims.push(['board serial', 'boardSerial', String(board)]);
    for (const key of ['asset', 'ip'] as const) if (values[key]) claims.push([key, key, String(values[key])]);
    if (values.uuid) claims.push(['UUID', 'uuid', canonicalUuid(String(values.uuid)) ?? '']);
    const place = [values.rack, values.unit, values.slot].join(' unit ').replace(/ unit $/, '');
    if (values.rack && values.unit) claims.push(['place', 'unit', place]);
    for (const [what, column, value] of claims) {
      const key = `${what} ${value.toLowerCase()}`;
      const other = first.get(key);
      const at = row.cells(column)[0]?.at ?? row.at;
      if (other === undefined) first.set(key, at);
      else report.error(at, `${what} ${value} is also at ${renderPlace(other)}`);
    }
  }
}

/** A vendor's or reseller's list of what was delivered, one machine per line, as files of the inventory. */
export function parsePackingList(text: string, file = 'packing-list.csv'): Imported {
  const report = createReport();
  const lines = new LineCounter();
  const [head, ...body] = parseCsvRows(file, text.replace(/^\ufeff/, ''), lines, report);
  const columns = head === undefined ? [] : readHeader(head, report);
  if (!columns.some((column) => column === 'serial' || column === 'mac' || column === 'uuid')) {
    report.error(
      startOf(file),
      'the first line names no column with serials or MACs; expected serial,mac,hostname,rack,unit',
    );
    return { files: [], problems: report.problems };
  }
  const machines = body.flatMap((cells) => toMachine(toRow(columns, cells, file), report) ?? []);
  if (machines.length === 0) report.error(startOf(file), 'no machine in this list');
  checkTwins(machines, report);
  if (machines.some(({ values }) => 'bmc' in values)) {
    report.warn(
      startOf(file),
      'BMCs get username: admin and password: env:BMC_PASSWORD; correct them where they differ',
    );
  }
  const files = new Map<string, NewFile>();
  for (const { name, folder, values } of machines) {
    const path = `${folder}${name}.yaml`;
    if (!files.has(path)) files.set(path, { path, text: renderYaml(values) });
  }
  return { files: [...files.values()], problems: report.problems };
}

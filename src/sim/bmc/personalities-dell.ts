import type { Personality } from './personality.ts';
import { simTimes, usualResets } from './personality-defaults.ts';

/** As on an R750 with 6.00, and the settings resource that 7.x added. */
export const dell6: Personality = {
  name: 'dell-idrac9-6',
  root: {
    vendor: 'Dell',
    product: 'Integrated Dell Remote Access Controller',
    oem: { Dell: { IsBranded: 0 } },
    version: '1.13.1',
  },
  systemId: 'System.Embedded.1',
  managerId: 'iDRAC.Embedded.1',
  chassisId: 'System.Embedded.1',
  manufacturer: 'Dell Inc.',
  model: 'PowerEdge R750',
  managerModel: '15G Monolithic',
  firmware: '6.00.30.00',
  bios: '1.8.2',
  sku: 'serviceTag',
  serial: 'board',
  decoys: [],
  session: {
    timeoutS: 1800,
    limit: 8,
    createdStatus: 201,
    location: 'relative',
    fullStatus: 503,
    fullMessageId: 'IDRAC.2.7.RAC0218',
    shows: ['origin', 'type'],
    goneStatus: 401,
  },
  etag: 'none',
  boot: {
    targets: ['None', 'Pxe', 'Floppy', 'Cd', 'Hdd', 'BiosSetup', 'Utilities', 'UefiTarget', 'SDCard', 'UefiHttp'],
    mode: 'present',
  },
  reset: {
    values: [...usualResets, 'PowerCycle'],
    via: 'inline',
    alreadyThere: { status: 409, messageId: 'IDRAC.2.7.PSU501' },
    answer: 204,
  },
  macs: ['interfaces', 'functions', 'ports'],
  usbNic: false,
  led: { properties: ['IndicatorLED'], on: 'system', resting: 'Lit' },
  progress: 'none',
  media: {
    at: 'system',
    slots: [
      { id: '1', types: ['CD', 'DVD', 'USBStick'], by: 'action' },
      { id: '2', types: ['CD', 'DVD', 'USBStick'], by: 'action' },
    ],
    refuses: [],
    wants: [],
    emptyImage: null,
  },
  log: { at: 'manager', id: 'Sel', order: 'newestFirst', inline: true, pageSize: 50, others: ['Lclog', 'FaultList'] },
  drives: 'storage',
  processors: 'summary',
  errors: 'single',
  times: simTimes,
};

export const dell7: Personality = {
  ...dell6,
  name: 'dell-idrac9-7',
  firmware: '7.10.50.00',
  model: 'PowerEdge R760',
  managerModel: '16G Monolithic',
  etag: 'bodyOnly',
  settings: { path: 'Settings', properties: ['BootSourceOverrideMode'], listsTargets: false },
  reset: { ...dell6.reset, coolDownS: 5 },
  led: { properties: ['LocationIndicatorActive', 'IndicatorLED'], on: 'system', resting: 'Lit' },
  progress: 'bootProgress',
};

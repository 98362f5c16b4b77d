import type { Type } from 'protobufjs/light.js';
import { fail, ok, type Result } from '../core/result.ts';

/** Plain data of one protobuf message: every field present, enums as numbers, 64-bit numbers as JS numbers. */
export type MessageFields = Readonly<Record<string, unknown>>;

/** Unknown fields and wrong wire types are skipped as the protobuf rules say; truncation and bad UTF-8 are refused. */
export function decodeMessage(type: Type, bytes: Uint8Array): Result<MessageFields> {
  try {
    const message = type.decode(bytes);
    return ok(type.toObject(message, { defaults: true, arrays: true, objects: true, longs: Number }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown error';
    return fail(`not a ${type.name} message (${bytes.length} bytes): ${reason}`);
  }
}

export function encodeMessage(type: Type, fields: MessageFields): Uint8Array {
  return type.encode(type.fromObject(fields)).finish();
}

/** Readers for fields of unknown type: absent and of another type are both the zero value, as in proto3. */
export const textField = (fields: MessageFields, name: string): string => {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
};

export const numberField = (fields: MessageFields, name: string): number => {
  const value = fields[name];
  return typeof value === 'number' ? value : 0;
};

export const bytesField = (fields: MessageFields, name: string): Uint8Array => {
  const value = fields[name];
  return value instanceof Uint8Array ? value : new Uint8Array();
};

export const messageField = (fields: MessageFields, name: string): MessageFields | undefined => {
  const value = fields[name];
  return isFields(value) ? value : undefined;
};

export const messagesField = (fields: MessageFields, name: string): readonly MessageFields[] => {
  const value = fields[name];
  return Array.isArray(value) ? value.filter(isFields) : [];
};

export const textsField = (fields: MessageFields, name: string): readonly string[] => {
  const value = fields[name];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
};

function isFields(value: unknown): value is MessageFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

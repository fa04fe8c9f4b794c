import type { JsonObject, JsonValue } from '../json.js'

/** What a cell may hold: a number is REAL, a BigInt INTEGER, a Buffer BLOB (its wider type, since published types know none of Node's). */
export type SqlValue = number | bigint | string | Uint8Array | null

/** A BLOB of float32, little-endian, as SQLite keeps them. */
export function toBlob(vector: Float32Array | null): Uint8Array | null {
  return vector && Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
}

export function toJson(value: JsonValue | JsonObject | null | undefined): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value)
}

/** About as much as a row takes in memory. */
export function bytesOf(row: readonly SqlValue[]): number {
  let bytes = 64
  for (const value of row) bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8
  return bytes
}

import type { EntityRecord, Observation } from '../storage/index.js'
import { type SqlValue, toBlob, toJson } from './sql-values.js'

/** Those of `SELECT *`, and the entity's attributes. */
export const OBSERVATION_COLUMNS: readonly string[] = ['entity', 'timestamp', 'vector', 'recorded_at', 'payload', 'attributes']

export function observationRow({ id, attributes }: EntityRecord, { timestamp, vector, recordedAt, payload }: Observation): SqlValue[] {
  return [id, timestamp, toBlob(vector), recordedAt, toJson(payload), toJson(attributes)]
}

import type { JsonValue } from '../../json.js'
import type { Observation } from '../store.js'
import { recordedAtOf, type Stretch } from './stretch.js'

/** What is not needed is not decoded. */
export interface Needs {
  readonly vectors: boolean
  readonly payloads: boolean
}

export const EVERYTHING: Needs = { vectors: true, payloads: true }
const NO_VECTOR = new Float32Array(0)

/** As they are answered, one by one. */
export function toObservations(stretch: Stretch, needs: Needs): Observation[] {
  const observations = new Array<Observation>(stretch.count)
  for (let i = 0; i < stretch.count; i++) observations[i] = toObservation(stretch, i, needs)
  return observations
}

export function toObservation(stretch: Stretch, i: number, needs: Needs): Observation {
  const payload = needs.payloads ? stretch.payloads?.[i] : undefined
  return {
    timestamp: stretch.timestamps[i]!,
    recordedAt: recordedAtOf(stretch, i),
    vector: needs.vectors ? toFloats(stretch.vectors, i, stretch.vectors.length / stretch.count) : NO_VECTOR,
    payload: payload === undefined || payload === null ? undefined : (JSON.parse(payload) as JsonValue),
  }
}

/** Memory of its own: the caller may keep it, change it or send it away. */
function toFloats(vectors: Uint8Array, i: number, vectorBytes: number): Float32Array {
  const floats = new Float32Array(vectorBytes / 4)
  new Uint8Array(floats.buffer).set(vectors.subarray(i * vectorBytes, (i + 1) * vectorBytes))
  return floats
}

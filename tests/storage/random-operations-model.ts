import type { TimeRange } from '../../src/storage/index.js'

export interface ModelObservation {
  readonly vector: readonly number[]
  /** JSON text. */
  readonly payload: string | undefined
  /** Epoch milliseconds; undefined: nobody knows. */
  readonly recordedAt: number | undefined
}

export interface ModelEntity {
  attributes: Record<string, unknown> | null
  readonly observations: Map<number, ModelObservation>
}

export interface ModelItem extends ModelObservation {
  readonly entity: string
  readonly timestamp: number
}

type Entities = Map<string, ModelEntity>

/** What a database should hold, in plain maps. */
export class Model {
  constructor(readonly collections = new Map<string, Entities>()) {}

  copy(): Model {
    const copyOf = ({ attributes, observations }: ModelEntity) => ({ attributes, observations: new Map(observations) })
    const copyOfAll = (entities: Entities) => new Map([...entities].map(([id, entity]) => [id, copyOf(entity)]))
    return new Model(new Map([...this.collections].map(([name, entities]) => [name, copyOfAll(entities)])))
  }

  insert(collection: string, batch: readonly ModelItem[]): { inserted: number; replaced: number } {
    const entities = this.collections.get(collection)!
    let inserted = 0
    for (const { entity: id, timestamp, ...observation } of batch) {
      if (!entities.has(id)) entities.set(id, { attributes: null, observations: new Map() })
      const { observations } = entities.get(id)!
      if (!observations.has(timestamp)) inserted++
      observations.set(timestamp, observation)
    }
    return { inserted, replaced: batch.length - inserted }
  }

  delete(collection: string, id: string, range: TimeRange): number {
    const observations = this.collections.get(collection)!.get(id)?.observations
    const doomed = this.timestamps(collection, id, range)
    for (const timestamp of doomed) observations?.delete(timestamp)
    return doomed.length
  }

  /** In time order. */
  timestamps(collection: string, id: string, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: TimeRange = {}): number[] {
    const all = this.collections.get(collection)?.get(id)?.observations.keys() ?? []
    return [...all].filter((timestamp) => timestamp >= from && timestamp <= to).sort((a, b) => a - b)
  }

  /** Ids by their UTF-8 bytes. */
  ids(collection: string): string[] {
    return [...(this.collections.get(collection)?.keys() ?? [])].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  /** The newest moment of all. */
  last(collection: string): number {
    let last = 0
    for (const { observations } of this.collections.get(collection)?.values() ?? [])
      for (const timestamp of observations.keys()) last = Math.max(last, timestamp)
    return last
  }

  /** In the form of `everythingIn`. */
  contents(): unknown {
    return [...this.collections.keys()].sort().map((name) => {
      const ids = this.ids(name)
      const observations = ids.flatMap((id) => this.observations(name, id, this.timestamps(name, id)).map((row) => [id, ...row]))
      const entities = ids.map((id) => {
        const times = this.timestamps(name, id)
        const { attributes } = this.collections.get(name)!.get(id)!
        return [id, attributes, times.length, times[0], times.at(-1)]
      })
      return [name, observations.length, ids.length, entities, observations]
    })
  }

  observations(collection: string, id: string, timestamps: readonly number[]): unknown[][] {
    const { observations } = this.collections.get(collection)!.get(id)!
    return timestamps.map((timestamp) => {
      const { vector, payload, recordedAt } = observations.get(timestamp)!
      return [timestamp, recordedAt, [...vector], payload === undefined ? undefined : JSON.parse(payload)]
    })
  }
}

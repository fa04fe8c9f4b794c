import { expect, test } from 'vitest'
import type { CollectionRecord, NewObservation, Store, StoreOptions } from '../../src/storage/index.js'
import { Random, seedOfRun } from '../support/random.js'
import { contents, createWords, found, observation, openForTest, reading, SMALL_PACKING, temporaryFile } from './support.js'

const SEQUENCES = 200
const OPERATIONS = 25
const seed = seedOfRun()

interface ModelEntity {
  attributes: Record<string, unknown> | null
  readonly observations: Map<number, { vector: number[]; payload: unknown }>
}

/** What the store should hold, in plain maps. */
class Model {
  readonly entities = new Map<string, ModelEntity>()

  insert(batch: readonly NewObservation[]): { inserted: number; replaced: number } {
    let inserted = 0
    for (const { entity: id, timestamp, vector, payload } of batch) {
      if (!this.entities.has(id)) this.entities.set(id, { attributes: null, observations: new Map() })
      const { observations } = this.entities.get(id)!
      if (!observations.has(timestamp)) inserted++
      observations.set(timestamp, { vector: [...vector], payload: payload === undefined ? undefined : JSON.parse(payload) })
    }
    return { inserted, replaced: batch.length - inserted }
  }

  delete(id: string, from: number, to: number): number {
    const observations = this.entities.get(id)?.observations ?? new Map<number, never>()
    const doomed = [...observations.keys()].filter((timestamp) => timestamp >= from && timestamp <= to)
    for (const timestamp of doomed) observations.delete(timestamp)
    return doomed.length
  }

  timestamps(id: string): number[] {
    return [...(this.entities.get(id)?.observations.keys() ?? [])].sort((a, b) => a - b)
  }

  /** In the form of `contents`. */
  contents(): unknown {
    const ids = [...this.entities.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const observations = ids.flatMap((id) =>
      this.timestamps(id).map((timestamp) => {
        const { vector, payload } = this.entities.get(id)!.observations.get(timestamp)!
        return [id, timestamp, vector, payload]
      }),
    )
    const entities = ids.map((id) => {
      const times = this.timestamps(id)
      return { id, attributes: this.entities.get(id)!.attributes, count: times.length, firstTimestamp: times[0], lastTimestamp: times.at(-1) }
    })
    return [{ name: 'words', observationCount: observations.length, entityCount: ids.length, entities, observations }]
  }
}

/** One store and its model, under the same operations. */
class Pair {
  private readonly model = new Model()

  private constructor(
    private readonly random: Random,
    private readonly options: Partial<StoreOptions>,
    private store: Store,
    private words: CollectionRecord,
  ) {}

  static async open(random: Random): Promise<Pair> {
    const path = random.chance(0.3) ? ':memory:' : temporaryFile()
    const options = random.chance(0.8) ? { path, packing: SMALL_PACKING } : { path }
    const store = await openForTest(options)
    return new Pair(random, options, store, await createWords(store))
  }

  async run(): Promise<void> {
    for (let i = 0; i < OPERATIONS; i++) await this.step()
    await this.compare()
    expect(await contents(this.store)).toEqual(this.model.contents())
    expect(await this.store.verify()).toMatchObject({ ok: true, problems: [] })
    await this.store.close()
  }

  private async step(): Promise<void> {
    const { random, store, words, model } = this
    const id = this.id()
    switch (random.pick(['insert', 'insert', 'insert', 'insertNow', 'delete', 'remove', 'attributes', 'reopen', 'compare'] as const)) {
      case 'insert': {
        const batch = this.batch()
        return expect(await store.insert(words, batch)).toEqual(model.insert(batch))
      }
      case 'insertNow': {
        const batch = this.batch()
        return expect(store.insertNow(words, batch)).toEqual(model.insert(batch))
      }
      case 'delete': {
        const [from, to] = [random.below(25), random.below(25)]
        return expect(await store.deleteRange(words, id, { from, to })).toBe(model.delete(id, from, to))
      }
      case 'remove':
        return expect(await store.removeEntity(words, id)).toBe(model.entities.delete(id))
      case 'attributes':
        return this.setAttributes(id)
      case 'reopen':
        return this.reopen()
      case 'compare':
        return this.compare()
    }
  }

  private id(): string {
    return this.random.pick(['a', 'b', 'B', 'ä', '\u{1f600}', '\uffff'])
  }

  private batch(): NewObservation[] {
    const isSorted = this.random.chance(0.5)
    const batch = this.random.list(0, 12, () => {
      const payload = this.random.chance(0.3) ? JSON.stringify({ n: this.random.below(9) }) : undefined
      return observation(this.id(), this.random.below(20) + (this.random.chance(0.2) ? 0.5 : 0), [this.random.below(100), 1], payload)
    })
    return isSorted ? batch.sort((a, b) => a.timestamp - b.timestamp) : batch
  }

  private async setAttributes(id: string): Promise<void> {
    const entity = this.model.entities.get(id)
    const attributes = { [this.random.pick(['x', 'y'])]: this.random.below(5) }
    const merge = this.random.chance(0.5)
    const setting = this.store.setAttributes(this.words, id, JSON.stringify(attributes), { merge })
    if (entity === undefined) return expect(setting).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await setting
    entity.attributes = merge ? { ...entity.attributes, ...attributes } : attributes
  }

  private async reopen(): Promise<void> {
    if (this.options.path === ':memory:') return
    await this.store.close()
    this.store = await openForTest(this.options)
    this.words = this.store.collection('words')!
  }

  /** One entity through every kind of read. */
  private async compare(): Promise<void> {
    const id = this.id()
    if (!this.model.entities.has(id)) return
    const times = this.model.timestamps(id)
    const { random } = this
    const [at, until, limit] = [random.below(22), random.chance(0.5) ? random.below(22) : undefined, 1 + random.below(5)]
    const visible = times.filter((t) => t <= (until ?? Number.POSITIVE_INFINITY))
    await reading(this.store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', id)
      const { before, after } = await snapshot.surroundings(collection, entity, at, until)
      expect(before?.timestamp).toBe(visible.findLast((t) => t <= at))
      expect(after?.timestamp).toBe(visible.find((t) => t > at))
      const [trajectory] = await snapshot.readContexts(collection, [{ entity, limit, until }])
      expect([...trajectory!.timestamps]).toEqual(visible.slice(-limit))
      const extent = await snapshot.extentUntil(collection, entity, until ?? Number.POSITIVE_INFINITY)
      expect(extent).toEqual({ count: visible.length, first: visible[0], last: visible.at(-1) })
    })
  }
}

test(`${SEQUENCES} random sequences of operations leave what a plain model holds`, { timeout: 120_000 }, async () => {
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    try {
      await (await Pair.open(new Random(seed + sequence))).run()
    } catch (error) {
      throw new Error(`SEED=${seed}, sequence ${sequence}`, { cause: error })
    }
  }
})

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { expect } from 'vitest'
import { type CollectionRecord, type NewObservation, openStore, type Snapshot, type Store } from '../../src/storage/index.js'
import type { Packing } from '../../src/storage/observations/packing.js'
import type { Batch, Hand, Operation, Reading } from './random-operations-arbitrary.ts'
import { Model, type ModelItem } from './random-operations-model.ts'
import type { RemoteProcess } from './remote-store.ts'

/** `old`: a file of the first schema. `delete`: without a write-ahead log. */
export type Kind = 'wal' | 'delete' | 'old' | 'memory'

export interface WorldOptions {
  readonly kind: Kind
  /** Who takes part. Opening takes longer than most steps, so that few sequences have all. */
  readonly hands: readonly Hand[]
  readonly dimension: number
  /** Runs of one entity are so many times as long as the operation says: a block of the real size needs more than a small one. */
  readonly stretch: number
  /** A store takes one of these when it opens. */
  readonly packings: readonly Packing[]
  /** Hand 1 is a store of this process. */
  readonly remote?: RemoteProcess
  /** What `Date.now` says meanwhile. */
  readonly clock: { now: number }
}

interface Held {
  readonly snapshot: Snapshot
  readonly contents: unknown
  readonly by: Hand
}

interface Opened {
  readonly store: Store
  readonly readonly: boolean
}

/** The app's open transaction: what it sees, and what each of its savepoints would bring back. */
interface AppTransaction {
  seen: Model
  readonly savepoints: Model[]
}

const METRIC = { metric: 'cosine', normalized: false } as const
const HELD_MAX = 3

/** One database, the stores and the app that use it, and what it should hold. Every step is checked as it is done. */
export class World {
  #committed: Model
  #transaction: AppTransaction | undefined
  readonly #stores = new Map<Hand, Opened>()
  readonly #packingOf = new Map<Hand, { packing: number; readonly: boolean }>()
  readonly #held: Held[] = []
  #app: Sqlite.Database | undefined
  #written = 0

  private constructor(
    private readonly options: WorldOptions,
    private readonly path: string,
    model: Model,
  ) {
    this.#committed = model
  }

  static async create(options: WorldOptions): Promise<World> {
    if (options.kind === 'memory') {
      const world = new World(options, ':memory:', new Model(new Map([['words', new Map()]])))
      await (await world.#store(0)).createCollection('words', { dimension: options.dimension, ...METRIC })
      return world
    }
    const path = join(mkdtempSync(join(tmpdir(), 'chronode-random-')), 'random.db')
    copyFileSync(await templateOf(options), path)
    return new World(options, path, options.kind === 'old' ? modelOfRows(path) : new Model(new Map([['words', new Map()]])))
  }

  async run(operations: readonly Operation[], isVerified: boolean): Promise<void> {
    const { hands, clock } = this.options
    try {
      for (const operation of operations) {
        clock.now++
        await this.#step('by' in operation ? { ...operation, by: hands[operation.by % hands.length]! } : operation)
      }
      if (this.#transaction !== undefined) this.#endTransaction('commit')
      await this.#everything(hands[0]!)
      if (isVerified || this.path === ':memory:') await this.#verify(hands[0]!)
    } finally {
      await this.#end()
    }
  }

  async #end(): Promise<void> {
    for (const { snapshot } of this.#held) await letGo(snapshot)
    for (const { store } of this.#stores.values()) await store.close()
    this.#app?.close()
    if (this.path !== ':memory:') rmSync(join(this.path, '..'), { recursive: true, force: true })
  }

  #step(operation: Operation): Promise<void> | void {
    switch (operation.op) {
      case 'insert':
        return this.#insert(operation)
      case 'together':
        return this.#together(operation)
      case 'fail':
        return this.#fail(operation)
      case 'delete': {
        const { by, into, entity } = operation
        const range = { from: operation.from ?? undefined, to: operation.to ?? undefined }
        return this.#write(by, into, {
          act: (store, collection) => store.deleteRange(collection, entity, range),
          apply: (model) => model.delete(into, entity, range),
        })
      }
      case 'remove': {
        const { by, into, entity } = operation
        return this.#write(by, into, {
          act: (store, collection) => store.removeEntity(collection, entity),
          apply: (model) => model.collections.get(into)!.delete(entity),
        })
      }
      case 'attributes':
        return this.#attributes(operation)
      case 'create':
        return this.#create(operation.by, operation.into)
      case 'drop': {
        const { by, into } = operation
        return this.#write(by, into, {
          act: (store, collection) => store.dropCollection(collection),
          apply: (model) => void model.collections.delete(into),
        })
      }
      case 'read':
        return this.#read(operation.by, operation.into, operation.what)
      case 'everything':
        return this.#everything(operation.by)
      case 'verify':
        return this.#verify(operation.by)
      case 'compact':
        return this.#compact(operation)
      case 'hold':
        return this.#hold(operation.by)
      case 'look':
        return this.#look(operation.by)
      case 'letGo':
        return this.#letGo()
      case 'reopen':
        return this.#reopen(operation)
      case 'appWrite':
        this.#appConnection()?.prepare('INSERT INTO app VALUES (1)').run()
        return
      case 'begin':
        return this.#begin()
      case 'commit':
      case 'rollback':
        return this.#endTransaction(operation.op)
      case 'savepoint':
      case 'rollbackTo':
      case 'release':
        return this.#savepoint(operation.op)
    }
  }

  // Who sees and may do what.

  #isInTransaction(by: Hand): boolean {
    return by >= 2 && this.#transaction !== undefined
  }

  #seenBy(by: Hand): Model {
    return this.#isInTransaction(by) ? this.#transaction!.seen : this.#committed
  }

  /** Why this one may not write now. */
  #refusal(by: Hand, isNow: boolean): string | undefined {
    if (this.#stores.get(by)?.readonly === true) return 'STORAGE_READ_ONLY'
    return this.#transaction === undefined || (by >= 2 && isNow) ? undefined : 'STORAGE_BUSY'
  }

  async #store(by: Hand): Promise<Store> {
    const opened = this.#stores.get(by)
    if (opened !== undefined) return opened.store
    const { packing, readonly } = this.#packingOf.get(by) ?? { packing: by, readonly: false }
    const chosen = this.options.packings[packing % this.options.packings.length]!
    const store = await (by === 1 && this.options.remote !== undefined
      ? this.options.remote.openStore(this.path, { readonly, packing: chosen })
      : openStore({
          ...(by < 2 ? { path: this.path } : { path: undefined, connection: this.#appConnection()! }),
          readonly: readonly && this.path !== ':memory:',
          memoryLimitBytes: 2 ** 26,
          durability: 'normal',
          busyTimeoutMs: 0,
          migrate: 'auto',
          warn: () => undefined,
          packing: chosen,
        }))
    this.#stores.set(by, { store, readonly })
    return store
  }

  #appConnection(): Sqlite.Database | undefined {
    if (this.path === ':memory:') return undefined
    if (this.#app === undefined) {
      this.#app = new Sqlite(this.path, { timeout: 0 })
      this.#app.pragma('synchronous = NORMAL')
    }
    return this.#app
  }

  async #record(by: Hand, name: string): Promise<CollectionRecord | undefined> {
    const record = await (await this.#store(by)).collection(name)
    expect(record?.name).toBe(this.#seenBy(by).collections.has(name) ? name : undefined)
    return record
  }

  // Writing.

  async #write<Result>(
    by: Hand,
    into: string,
    {
      isNow = false,
      act,
      apply,
    }: { isNow?: boolean; act: (store: Store, collection: CollectionRecord) => Result | Promise<Result>; apply: (model: Model) => Result },
  ): Promise<void> {
    const collection = await this.#record(by, into)
    if (collection === undefined) return
    const store = await this.#store(by)
    const refusal = this.#refusal(by, isNow)
    if (refusal !== undefined) return void expect(await codeOf(() => act(store, collection))).toBe(refusal)
    const result = await act(store, collection)
    expect(result).toEqual(apply(this.#seenBy(by)))
  }

  #insert({ by, into, batch, payloads, now }: Extract<Operation, { op: 'insert' }>): Promise<void> {
    const items = this.#items(this.#seenBy(by), into, batch, payloads)
    return this.#write(by, into, {
      isNow: now,
      act: (store, collection) => (now ? store.insertNow(collection, this.#toBatch(items)) : store.insert(collection, this.#toBatch(items))),
      apply: (model) => model.insert(into, items),
    })
  }

  /** What is written now comes before all that waits; of the others the first is written in its turn. */
  async #together({ by, into, batches }: Extract<Operation, { op: 'together' }>): Promise<void> {
    const collection = await this.#record(by, into)
    const isRemote = by === 1 && this.options.remote !== undefined
    if (collection === undefined || isRemote || this.#refusal(by, false) !== undefined) return
    const store = await this.#store(by)
    const model = this.#seenBy(by)
    const asked = batches.map(([batch, isNow]) => ({ items: this.#items(model, into, batch, false), isNow }))
    const first = asked.find(({ isNow }) => !isNow)
    const isAtOnce = (one: (typeof asked)[number]) => one.isNow || one === first
    const results = asked.map(({ items, isNow }) =>
      isNow ? store.insertNow(collection, this.#toBatch(items)) : store.insert(collection, this.#toBatch(items)),
    )
    const expected = new Map([...asked.filter(isAtOnce), ...asked.filter((one) => !isAtOnce(one))].map((one) => [one, model.insert(into, one.items)]))
    expect(await Promise.all(results)).toEqual(asked.map((one) => expected.get(one)))
  }

  async #fail({ by, into, batch, how, now }: Extract<Operation, { op: 'fail' }>): Promise<void> {
    const collection = await this.#record(by, into)
    if (collection === undefined || this.#refusal(by, now) !== undefined) return
    const store = await this.#store(by)
    const items = this.#items(this.#seenBy(by), into, batch, false)
    const insert = (observations: NewObservation[]) => (now ? store.insertNow(collection, observations) : store.insert(collection, observations))
    if (how === 'wrong vector') {
      const wrong = { entity: 'wrong', timestamp: 1, vector: new Float32Array(this.options.dimension + 1), payload: undefined }
      return void expect(await codeOf(() => insert([...this.#toBatch(items), wrong]))).toBe('BUG')
    }
    if (by === 1 && this.options.remote !== undefined) return // its connection is out of reach
    const { database } = (store as unknown as { connection: { database: Sqlite.Database } }).connection
    const bloated = items.map((item) => ({ ...item, payload: JSON.stringify('x'.repeat(9000)) }))
    database.pragma(`max_page_count = ${String(database.pragma('page_count', { simple: true }))}`)
    try {
      const code = await codeOf(() => insert(this.#toBatch(bloated)))
      if (code === undefined) this.#seenBy(by).insert(into, bloated)
      else expect(code).toBe('STORAGE_FULL')
    } finally {
      database.pragma('max_page_count = 1000000000')
      if (this.#transaction !== undefined && !this.#app!.inTransaction) this.#transaction = undefined // SQLite has rolled it back
    }
  }

  #items(model: Model, collection: string, batch: Batch, hasPayloads: boolean): ModelItem[] {
    return momentsOf(model, collection, batch, this.options.stretch).map(([entity, timestamp], i) => {
      const n = this.#written++
      const vector = Array.from({ length: this.options.dimension }, (_, d) => (d === 0 ? n : i + d))
      return { entity, timestamp, vector, payload: hasPayloads && n % 3 > 0 ? JSON.stringify({ n }) : undefined, recordedAt: this.options.clock.now }
    })
  }

  #toBatch(items: readonly ModelItem[]): NewObservation[] {
    return items.map(({ entity, timestamp, vector, payload }) => ({ entity, timestamp, vector: Float32Array.from(vector), payload }))
  }

  async #attributes({ by, into, entity, value, merge }: Extract<Operation, { op: 'attributes' }>): Promise<void> {
    const attributes = value === null ? null : { [`k${value % 2}`]: value }
    const text = attributes === null ? null : JSON.stringify(attributes)
    const isThere = this.#seenBy(by).collections.get(into)?.has(entity) === true
    const collection = await this.#record(by, into)
    if (!isThere && collection !== undefined && this.#refusal(by, false) === undefined) {
      const store = await this.#store(by)
      return void expect(await codeOf(() => store.setAttributes(collection, entity, text, { merge }))).toBe('NOT_FOUND')
    }
    return this.#write(by, into, {
      act: (store, record) => store.setAttributes(record, entity, text, { merge }),
      apply: (model) => {
        const known = model.collections.get(into)!.get(entity)!
        known.attributes = merge && attributes !== null ? { ...known.attributes, ...attributes } : attributes
      },
    })
  }

  async #create(by: Hand, name: string): Promise<void> {
    const store = await this.#store(by)
    const create = () => store.createCollection(name, { dimension: this.options.dimension, ...METRIC })
    const { collections } = this.#seenBy(by)
    const refusal = collections.has(name) ? undefined : this.#refusal(by, false)
    if (refusal !== undefined) return void expect(await codeOf(create)).toBe(refusal)
    expect((await create()).name).toBe(name)
    if (!collections.has(name)) collections.set(name, new Map())
  }

  async #compact({ by, reclaims }: Extract<Operation, { op: 'compact' }>): Promise<void> {
    const isReclaiming = by < 2 && this.path !== ':memory:'
    if (isReclaiming && !reclaims) return
    const store = await this.#store(by)
    const hasWork = isReclaiming || this.#seenBy(by).collections.size > 0
    const refusal = this.#refusal(by, false)
    if (refusal === undefined || (refusal === 'STORAGE_BUSY' && !hasWork)) return void (await store.compact())
    expect(await codeOf(() => store.compact())).toBe(refusal)
  }

  // Reading.

  async #read(by: Hand, into: string, { entity: id, at, until, since, limit, newest, vectors }: Reading): Promise<void> {
    const model = this.#seenBy(by)
    const store = await this.#store(by)
    const [to, from] = [until ?? Number.POSITIVE_INFINITY, since ?? Number.NEGATIVE_INFINITY]
    const snapshot = await store.snapshot()
    try {
      const collection = await snapshot.collection(into)
      const [entity] = collection === undefined ? [] : await snapshot.findEntities(collection, [id])
      expect(entity?.id).toBe(model.collections.get(into)?.has(id) === true ? id : undefined)
      if (collection === undefined || entity === undefined) return
      const known = (timestamps: readonly number[]) => model.observations(into, id, timestamps)
      const inRange = model.timestamps(into, id, { from, to })
      const visible = model.timestamps(into, id, { to })

      const { before, after } = await snapshot.surroundings(collection, entity, at, until ?? undefined)
      const around = [visible.findLast((t) => t <= at), visible.find((t) => t > at)].filter((t) => t !== undefined)
      same([before, after].filter((found) => found !== undefined).map(toRow), known(around), 'surroundings')

      const [context] = await snapshot.readContexts(collection, [{ entity, limit, until: until ?? undefined, since: since ?? undefined }])
      const expected = known(inRange.slice(-limit))
      same([...context!.timestamps], expected.map(([timestamp]) => timestamp), 'times of a context') // biome-ignore format: one line a claim
      same([...context!.vectors], expected.flatMap(([, , vector]) => vector as number[]), 'vectors of a context') // biome-ignore format: one line a claim

      const extent = await snapshot.extentUntil(collection, entity, to)
      same(extent, { count: visible.length, first: visible[0], last: visible.at(-1) }, 'extent')

      const scanned: unknown[] = []
      for await (const piece of snapshot.scan(collection, { from, to, newest: newest ?? undefined, entities: [entity], vectors }))
        scanned.push(...piece.observations.map(toRow))
      const scan = known(newest === null ? inRange : inRange.slice(-newest))
      same(scanned, vectors ? scan : scan.map(([t, recordedAt, , payload]) => [t, recordedAt, [], payload]), 'scan')
    } finally {
      await letGo(snapshot)
    }
  }

  async #everything(by: Hand): Promise<void> {
    const snapshot = await (await this.#store(by)).snapshot()
    try {
      same(await everythingIn(snapshot), this.#seenBy(by).contents(), 'everything')
    } finally {
      await letGo(snapshot)
    }
  }

  async #verify(by: Hand): Promise<void> {
    expect(await (await this.#store(by)).verify()).toMatchObject({ ok: true, problems: [] })
  }

  /** Where writing waits for readers, or a transaction may end beneath them, nothing is held. */
  async #hold(by: Hand): Promise<void> {
    const isBeside = this.options.kind === 'wal' || this.options.kind === 'old'
    if (!isBeside || this.#isInTransaction(by) || this.#held.length === HELD_MAX) return
    const contents = this.#seenBy(by).contents()
    this.#held.push({ snapshot: await (await this.#store(by)).snapshot(), contents, by })
  }

  async #letGo(): Promise<void> {
    const held = this.#held.shift()
    if (held !== undefined) await letGo(held.snapshot)
  }

  async #look(which: number): Promise<void> {
    const held = this.#held[which]
    if (held !== undefined) same(await everythingIn(held.snapshot), held.contents, 'everything in a snapshot held open')
  }

  // Opening, and the app's transactions.

  async #reopen({ by, packing, readonly }: Extract<Operation, { op: 'reopen' }>): Promise<void> {
    if (this.path === ':memory:') return
    const opened = this.#stores.get(by)
    if (this.options.kind !== 'old') this.#packingOf.set(by, { packing, readonly: readonly && packing === 0 })
    this.#stores.delete(by)
    for (const held of this.#held.filter((each) => each.by === by)) {
      this.#held.splice(this.#held.indexOf(held), 1)
      await letGo(held.snapshot)
    }
    await opened?.store.close()
  }

  /** A store is attached, and has its tables, before the app begins. */
  async #begin(): Promise<void> {
    const app = this.#appConnection()
    if (app === undefined || this.#transaction !== undefined) return
    if (this.options.hands.every((hand) => hand < 2)) return
    await this.#store(2)
    app.exec('BEGIN IMMEDIATE')
    this.#transaction = { seen: this.#committed.copy(), savepoints: [] }
  }

  #endTransaction(how: 'commit' | 'rollback'): void {
    if (this.#transaction === undefined) return
    this.#app!.exec(how)
    if (how === 'commit') this.#committed = this.#transaction.seen
    this.#transaction = undefined
  }

  #savepoint(how: 'savepoint' | 'rollbackTo' | 'release'): void {
    const transaction = this.#transaction
    if (transaction === undefined) return
    const { savepoints } = transaction
    if (how === 'savepoint') {
      this.#app!.exec(`SAVEPOINT app${savepoints.length}`)
      savepoints.push(transaction.seen.copy())
    } else if (savepoints.length > 0) {
      const name = `app${savepoints.length - 1}`
      this.#app!.exec(how === 'release' ? `RELEASE ${name}` : `ROLLBACK TO ${name}`)
      if (how === 'release') savepoints.pop()
      else transaction.seen = savepoints.at(-1)!.copy()
    }
  }
}

function momentsOf(model: Model, collection: string, batch: Batch, stretch: number): (readonly [string, number])[] {
  const last = model.last(collection)
  const next = last > 1e9 ? 30 : last + 1 // not after the end of time
  switch (batch.kind) {
    case 'feed':
      return batch.entities.map((entity) => [entity, next - 1 + batch.gap])
    case 'run':
      return Array.from({ length: batch.count * stretch }, (_, i) => [batch.entity, (batch.from ?? next) + i])
    case 'mixed':
      return [...batch.moments]
  }
}

/** In another process it takes a message and its answer. */
async function letGo(snapshot: Snapshot): Promise<void> {
  await (snapshot.release() as unknown)
}

/** Everything with every field, in plain arrays. */
export async function everythingIn(snapshot: Snapshot): Promise<unknown> {
  const all: unknown[] = []
  for (const collection of await snapshot.collections()) {
    const entities: unknown[] = []
    for await (const page of snapshot.scanEntities(collection)) {
      for (const { id, attributes, observationCount, firstTimestamp, lastTimestamp } of page)
        entities.push([id, attributes, observationCount, firstTimestamp, lastTimestamp])
    }
    const observations: unknown[] = []
    for await (const piece of snapshot.scan(collection, {}))
      for (const observation of piece.observations) observations.push([piece.entity.id, ...toRow(observation)])
    all.push([collection.name, collection.observationCount, collection.entityCount, entities, observations])
  }
  return all
}

function toRow({
  timestamp,
  recordedAt,
  vector,
  payload,
}: {
  timestamp: number
  recordedAt: number
  vector: Float32Array
  payload: unknown
}): unknown[] {
  return [timestamp, recordedAt, [...vector], payload]
}

/** As `toEqual`, and at a tenth of its time where all is well. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual, what).toEqual(expected)
}

async function codeOf(act: () => unknown): Promise<unknown> {
  try {
    await act()
    return undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.code
    throw error
  }
}

const templates = new Map<string, string>()

/** A closed file with the empty collection `words` and a table of the app, or one of the first schema. */
async function templateOf({ kind, dimension }: WorldOptions): Promise<string> {
  const name = `${kind}-${dimension}`
  const known = templates.get(name)
  if (known !== undefined) return known
  const folder = mkdtempSync(join(tmpdir(), 'chronode-template-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, `${name}.db`)
  if (kind === 'old') writeFileSync(path, gunzipSync(readFileSync(fileURLToPath(new URL('../fixtures/schema-1.db.gz', import.meta.url)))))
  else {
    const options = { path, readonly: false, memoryLimitBytes: 2 ** 26, durability: 'normal', busyTimeoutMs: 0, migrate: 'auto' } as const
    const store = await openStore({ ...options, warn: () => undefined })
    await store.createCollection('words', { dimension, ...METRIC })
    await store.close()
  }
  const app = new Sqlite(path)
  app.exec('CREATE TABLE app (n)')
  if (kind === 'delete') app.pragma('journal_mode = delete')
  app.close()
  templates.set(name, path)
  return path
}

/** By plain SQL: every observation of the first schema is a row. */
function modelOfRows(path: string): Model {
  const database = new Sqlite(path)
  const words = new Map()
  const entities = database
    .prepare<[], { key: number; id: string; attributes: string | null }>('SELECT key, id, attributes FROM chronode_entity')
    .all()
  for (const { key, id, attributes } of entities) {
    const observations = new Map()
    const rows = database
      .prepare<[number], { timestamp: number; recorded_at: number; vector: Buffer; payload: string | null }>(
        'SELECT timestamp, recorded_at, vector, payload FROM chronode_observation WHERE entity = ?',
      )
      .all(key)
    for (const { timestamp, recorded_at, vector, payload } of rows)
      observations.set(timestamp, { vector: [vector.readFloatLE(0), vector.readFloatLE(4)], payload: payload ?? undefined, recordedAt: recorded_at })
    words.set(id, { attributes: attributes === null ? null : JSON.parse(attributes), observations })
  }
  database.close()
  return new Model(new Map([['words', words]]))
}

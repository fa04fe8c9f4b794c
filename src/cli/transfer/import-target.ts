import { type Collection, type CollectionOptions, type Database, type Metric, openDatabase, StorageError } from '../../index.js'
import type { DatabaseOptions } from '../choose-database.js'
import { openStorage } from '../open-storage.js'
import { type Terminal, UsageError } from '../terminal.js'
import { Warnings } from '../warnings.js'
import { collectionNames, onlyCollection } from './only-collection.js'
import { RowStore } from './row-store.js'

export interface TargetOptions extends DatabaseOptions {
  readonly collection?: string
  readonly dimension?: number
  readonly metric?: Metric
  readonly normalized?: boolean
}

/** Where rows go. */
export interface ImportTarget extends AsyncDisposable {
  readonly collection: Collection
  readonly store: RowStore
}

/**
 * Opens a collection to import into, and makes it where `--dimension` says how.
 *
 * @param mustExist  What an import that is resumed has stored must be there.
 * @throws {UsageError} it is not clear which one.
 */
export async function openTarget(options: TargetOptions, mustExist: boolean, terminal: Terminal): Promise<ImportTarget> {
  const mayMake = options.dimension !== undefined && !mustExist
  if (!mayMake) await (await openStorage(options, { readonly: true }, terminal)).close() // a misspelt name makes no file
  const db = await openStorage(options, { readonly: false }, terminal)
  try {
    const collection = await collectionOf(db, options, mustExist)
    return { collection, store: new RowStore(collection), [Symbol.asyncDispose]: () => db.close() }
  } catch (error) {
    await db.close()
    throw error
  }
}

/** The same for a dry run: a collection in memory with the settings of the real one, which keeps nothing. */
export async function openDryTarget(options: TargetOptions, terminal: Terminal): Promise<ImportTarget> {
  const { name, ...settings } = await settingsOf(options, terminal)
  const db = await openDatabase({ storage: { path: ':memory:' } }, { logger: new Warnings(terminal) })
  const emptied = async (): Promise<Collection> => {
    await db.dropCollection(name)
    return db.createCollection(name, settings)
  }
  const collection = await db.createCollection(name, settings)
  return { collection, store: new RowStore(collection, emptied), [Symbol.asyncDispose]: () => db.close() }
}

async function settingsOf(options: TargetOptions, terminal: Terminal): Promise<CollectionOptions & { name: string }> {
  try {
    await using db = await openStorage(options, { readonly: true }, terminal)
    const name = options.collection ?? onlyCollection(db)
    if (!isThere(db, name)) return { name, ...newSettings(db, name, options) }
    const { dimension, metric, normalized } = db.collection(name)
    return { name, dimension, metric, normalized }
  } catch (error) {
    const isMissing = error instanceof StorageError && error.code === 'STORAGE_UNREACHABLE'
    if (!isMissing || options.dimension === undefined || options.collection === undefined) throw error
    return { name: options.collection, ...newSettings(undefined, options.collection, options) }
  }
}

async function collectionOf(db: Database, options: TargetOptions, mustExist: boolean): Promise<Collection> {
  const name = options.collection ?? onlyCollection(db)
  if (!isThere(db, name)) {
    if (mustExist) throw new UsageError(`Collection "${name}", which the import had begun to fill, is gone. Import from the start, without --resume.`)
    return db.createCollection(name, newSettings(db, name, options))
  }
  const { dimension, metric, normalized } = db.collection(name)
  return db.createCollection(name, {
    dimension: options.dimension ?? dimension,
    metric: options.metric ?? metric,
    normalized: options.normalized ?? normalized,
  }) // the one that is there, or COLLECTION_EXISTS
}

function newSettings(db: Database | undefined, name: string, { dimension, metric, normalized }: TargetOptions): CollectionOptions {
  if (dimension === undefined) {
    const names = db === undefined ? [] : collectionNames(db)
    const there = names.length === 0 ? 'there is none yet' : `there is ${names.join(', ')}`
    throw new UsageError(`There is no collection "${name}"; ${there}. To make it, say how long its vectors are: --dimension 128.`)
  }
  return { dimension, ...(metric === undefined ? {} : { metric }), ...(normalized === undefined ? {} : { normalized }) }
}

function isThere(db: Database, name: string): boolean {
  return collectionNames(db).includes(name)
}

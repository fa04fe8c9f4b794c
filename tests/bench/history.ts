import { type Collection, type Database, openDatabase } from 'chronode'
import { BenchFolder } from './bench-folder.ts'
import { nameOf, Source } from './observations.ts'
import { PeerTable } from './peer-table.ts'

const BATCH = 5000

export interface HistoryShape {
  readonly dimension: number
  readonly entities: number
  readonly perEntity: number
}

/** The same trajectories on both sides, loaded sorted, closed and opened again: what reads are measured on. */
export class History implements AsyncDisposable {
  readonly entities: readonly string[]
  readonly shape: HistoryShape
  readonly db: Database
  readonly collection: Collection
  readonly peer: PeerTable
  readonly #folder: BenchFolder

  private constructor(folder: BenchFolder, shape: HistoryShape, db: Database) {
    this.#folder = folder
    this.shape = shape
    this.entities = Array.from({ length: shape.entities }, (_, entity) => nameOf(entity))
    this.db = db
    this.collection = db.collection('walks')
    this.peer = new PeerTable(folder.file('peer.db'), shape.dimension)
  }

  static async load(shape: HistoryShape): Promise<History> {
    const folder = new BenchFolder()
    const path = folder.file('ours.db')
    const peer = new PeerTable(folder.file('peer.db'), shape.dimension)
    const db = await openDatabase({ storage: { path } })
    const collection = await db.createCollection('walks', { dimension: shape.dimension, metric: 'l2' })
    for (const batch of new Source(shape.dimension).sorted(shape.entities * shape.perEntity, shape.perEntity, BATCH)) {
      peer.insert(batch)
      await collection.insert(batch)
    }
    peer.close()
    await db.close()
    return new History(folder, shape, await openDatabase({ storage: { path } }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.peer.close()
    await this.db.close()
    this.#folder[Symbol.dispose]()
  }
}

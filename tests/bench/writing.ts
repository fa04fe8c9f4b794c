import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { type Database, type ObservationInput, openDatabase } from 'chronode'
import { BenchFolder } from './bench-folder.ts'
import type { Candidate } from './measure.ts'
import type { Batch, Source } from './observations.ts'
import { PeerTable } from './peer-table.ts'

/** What is written by every side of one comparison. */
export interface Load {
  readonly source: Source
  readonly count: number
  /** Made anew for each run. */
  batches(): Iterable<Batch>
}

const OURS = 'ours.db'
const PEER = 'peer.db'
const RAW = 'raw.bin'

/**
 * Three ways to write one load into a folder of their own, each from an empty file to a closed one, so that the last
 * checkpoint counts. The batches are made within the clock, alike for both.
 */
export class Writing implements Disposable {
  readonly #folder = new BenchFolder()
  readonly #load: Load

  constructor(load: Load) {
    this.#load = load
  }

  /** `collection.insert`, a call a batch. */
  ours(): Candidate {
    return this.#ourCandidate('insert', async (collection) => {
      for (const batch of this.#load.batches()) await collection.insert(batch)
    })
  }

  /** `collection.insertMany`, one stream in batches of `batchSize`. */
  ourStream(batchSize: number): Candidate {
    return this.#ourCandidate('insertMany', async (collection) => {
      await collection.insertMany(oneByOne(this.#load.batches()), { batchSize })
    })
  }

  peer(): Candidate {
    return {
      name: 'one row each',
      calls: this.#load.count,
      prepare: () => this.#folder.remove(PEER),
      run: () => {
        const table = new PeerTable(this.#folder.file(PEER), this.#load.source.dimension)
        for (const batch of this.#load.batches()) table.insert(batch)
        table.close()
      },
    }
  }

  /** The same floats to a plain file, in the same pieces, and one fdatasync. */
  raw(): Candidate {
    return {
      name: 'raw sequential write',
      calls: this.#load.count,
      prepare: () => this.#folder.remove(RAW),
      run: () => {
        const file = openSync(this.#folder.file(RAW), 'w')
        for (const batch of this.#load.batches()) writeSync(file, Buffer.concat(batch.map(({ vector }) => bytesOf(vector as Float32Array))))
        fdatasyncSync(file)
        closeSync(file)
      },
    }
  }

  /** The size of our file over that of the bare floats, after a run. */
  sizeRatio(): number {
    return this.#folder.bytes(OURS) / this.#floatBytes()
  }

  /** The same of the peer's file. */
  peerSizeRatio(): number {
    return this.#folder.bytes(PEER) / this.#floatBytes()
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }

  #floatBytes(): number {
    return this.#load.count * this.#load.source.dimension * 4
  }

  #ourCandidate(name: string, write: (collection: Awaited<ReturnType<Database['createCollection']>>) => Promise<void>): Candidate {
    return {
      name,
      calls: this.#load.count,
      prepare: () => this.#folder.remove(OURS),
      run: async () => {
        const db = await openDatabase({ storage: { path: this.#folder.file(OURS) } })
        await write(await db.createCollection('walks', { dimension: this.#load.source.dimension, metric: 'l2' }))
        await db.close()
      },
    }
  }
}

function* oneByOne(batches: Iterable<Batch>): Generator<ObservationInput> {
  for (const batch of batches) yield* batch
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}

import { statSync } from 'node:fs'
import { StorageError } from '../../errors.js'

/** How often they are looked at, in milliseconds: what is written in between may be lost with them. */
const LOOK_MS = 1000
/** The log and its index stay as long as anybody has the database open. */
const SUFFIXES = ['', '-wal', '-shm']

/**
 * The files of an open database, by their names: whether they are still the ones that SQLite has open.
 *
 * Where one was deleted or replaced SQLite goes on writing into what nobody will find again, and two processes may use two files of
 * one name. Nothing is opened here: that would drop SQLite's locks. SQLite looks at the same number outside of WAL mode.
 */
export class DatabaseFiles {
  readonly #identities = new Map<string, string>()
  #nextLookMs = 0

  /** @param path  Absolute; of a database that has just been opened. */
  constructor(private readonly path: string) {
    this.#firstMissing()
  }

  /** Looks once a second at most. @throws {StorageError} `STORAGE_UNREACHABLE` */
  assertInPlace(): void {
    if (performance.now() >= this.#nextLookMs) this.assertInPlaceNow()
  }

  /** @throws {StorageError} `STORAGE_UNREACHABLE` */
  assertInPlaceNow(): void {
    const missing = this.#firstMissing()
    if (missing !== undefined) throw lostFile(missing)
    this.#nextLookMs = performance.now() + LOOK_MS
  }

  get areInPlace(): boolean {
    return this.#firstMissing() === undefined
  }

  /** A file is known from when it is first seen: SQLite makes the log with the first transaction. */
  #firstMissing(): string | undefined {
    const missing = SUFFIXES.map((suffix) => `${this.path}${suffix}`).find((path) => {
      const identity = identityOf(path)
      const known = this.#identities.get(path)
      if (known === undefined && identity !== undefined) this.#identities.set(path, identity)
      return known !== undefined && known !== identity
    })
    if (missing !== undefined) this.#nextLookMs = 0 // whoever comes next is not to write into it
    return missing
  }
}

/** The same for the same file, whatever its name. */
function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? undefined : `${stats.dev} ${stats.ino}`
}

function lostFile(path: string): StorageError {
  const message =
    `${path}, a file of an open database, was deleted, moved or replaced: what is written now would be lost, so nothing is written any more. ` +
    'Save what this process still has with backup() to another path, close the database wherever it is open, and put that copy in its place.'
  return new StorageError('STORAGE_UNREACHABLE', message)
}

import type { MemoryAccount } from '../search/memory-account.js'
import { AttachedReaders } from './attached-readers.js'
import type { Connection } from './connection.js'
import { PooledReaders, type Readers, SharedReader } from './readers.js'
import type { Turnstile } from './turnstile.js'

/** Who lends readers, as a connection allows it. */
export function readersOf(connection: Connection, turnstile: Turnstile, busyTimeoutMs: number, memory: MemoryAccount): Readers {
  const { isAttached, openReader } = connection
  if (isAttached) return new AttachedReaders(connection, turnstile, busyTimeoutMs, memory)
  return openReader === undefined ? new SharedReader(connection, turnstile, memory) : new PooledReaders(openReader, busyTimeoutMs, memory)
}

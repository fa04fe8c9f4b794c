import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'smol-toml'
import type { ConfigInput } from '../index.js'
import { isWritable } from './file-access.js'

type Table = Readonly<Record<string, unknown>>

/**
 * A configuration whose database is not to be had, with one in memory in its place, so that its models can be looked at all the same.
 *
 * @param file  One that openDatabase has read and found right.
 * @returns `notYet`: in words, that the database is only waiting to be made.
 */
export function inMemory(file: string): { tables: ConfigInput; notYet: string | undefined } {
  const { storage, analytics = {} } = parse(readFileSync(file, 'utf8')) as { storage: Table; analytics?: Table }
  const folder = dirname(resolve(file))
  const path = resolve(folder, String(storage['path']))
  const collections = Object.entries((analytics['collection'] ?? {}) as Record<string, Table>)
  const located = {
    ...withModelFrom(folder, analytics),
    collection: Object.fromEntries(collections.map(([name, table]) => [name, withModelFrom(folder, table)])),
  }
  const notYet = !existsSync(path) && isWritable(dirname(path)) && storage['readonly'] !== true
  return {
    tables: { storage: { path: ':memory:' }, analytics: located },
    notYet: notYet ? `${path} is not there yet; it is made when it is first opened for writing` : undefined,
  }
}

/** Paths of a file are relative to it, paths of an object to the working directory. */
function withModelFrom(folder: string, table: Table): Table {
  return typeof table['model_path'] === 'string' ? { ...table, model_path: resolve(folder, table['model_path']) } : table
}

import { existsSync } from 'node:fs'
import { Option } from 'commander'
import type { ConfigInput } from '../index.js'
import { UsageError } from './terminal.js'

/** Where a command finds its database when it is not told. */
export const CONFIG_FILE = 'chronode.toml'

export interface DatabaseOptions {
  readonly config?: string
  readonly database?: string
}

export function configOption(): Option {
  return new Option('--config <file>', `the configuration (default: ${CONFIG_FILE} of this folder)`)
}

export function databaseOption(description = 'a database file, without a configuration'): Option {
  return new Option('--database <file>', description).conflicts('config')
}

/** What to open: the file of settings, the database file alone, or `chronode.toml` of this folder. @throws {UsageError} none of them. */
export function chooseDatabase({ config, database }: DatabaseOptions): string | ConfigInput {
  if (config !== undefined) return config
  if (database !== undefined) return { storage: { path: database } }
  if (existsSync(CONFIG_FILE)) return CONFIG_FILE
  throw new UsageError(`There is no ${CONFIG_FILE} in this folder. Name a configuration with --config, or a database file with --database.`)
}

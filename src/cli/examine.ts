import { existsSync } from 'node:fs'
import { type Database, type NativeStatus, openDatabase, type Warning } from '../index.js'
import { attempt, type Check, settingsOf } from './check.js'
import { CONFIG_FILE } from './choose-database.js'
import { modelChecks, predictionChecks } from './examine-models.js'
import { inMemory } from './in-memory.js'
import { packageVersion } from './package-version.js'

/** Looks at everything that a database needs here: Node, SQLite, native code, and what the configuration names. */
export async function examine(config: string | undefined, version: string): Promise<Check[]> {
  const file = config ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined)
  const checks: Check[] = [
    { name: 'chronode', status: 'ok', detail: version },
    { name: 'node', status: 'ok', detail: `${process.versions.node}, ${process.platform}-${process.arch}` },
  ]
  const memory = await attempt('sqlite', () => openDatabase({ storage: { path: ':memory:' } }))
  if ('check' in memory) return [...checks, memory.check]
  checks.push({ name: 'sqlite', status: 'ok', detail: `better-sqlite3 ${packageVersion('better-sqlite3')}` })
  await using db = memory.value
  const native = await db.loadNative()
  const configured = file === undefined ? [NO_CONFIGURATION] : await examineConfiguration(file)
  const isWanted = configured.some(({ name, status }) => name.startsWith('model') && status !== 'absent')
  return [...checks, ...nativeChecks(native, isWanted), ...configured]
}

const NO_CONFIGURATION: Check = {
  name: 'configuration',
  status: 'absent',
  detail: `there is no ${CONFIG_FILE} in this folder`,
  remedy: 'name one with --config, or write one: docs/configuration.md',
}

function nativeChecks({ kernels, torch }: NativeStatus, isTorchWanted: boolean): Check[] {
  const shut = ({ reason, remedy }: { reason?: string; remedy?: string }) => ({
    detail: reason ?? 'not there',
    ...(remedy === undefined ? {} : { remedy }),
  })
  return [
    kernels.available ? { name: 'kernels', status: 'ok', detail: kernels.simd } : { name: 'kernels', status: 'absent', ...shut(kernels) },
    torch.available
      ? { name: 'libtorch', status: 'ok', detail: [torch.version, ...(torch.devices ?? [])].join(', ') }
      : { name: 'libtorch', status: isTorchWanted ? 'failed' : 'absent', ...shut(torch) },
  ]
}

async function examineConfiguration(file: string): Promise<Check[]> {
  const warnings: Warning[] = []
  const options = { readonly: true, logger: { warn: (warning: Warning) => warnings.push(warning) } }
  const opened = await attempt('configuration', () => openDatabase(file, options))
  if ('value' in opened) {
    await using db = opened.value
    const database: Check = { name: 'database', status: 'ok', detail: await databaseDetail(db) }
    return [
      { name: 'configuration', status: 'ok', detail: file },
      database,
      ...(await modelChecks(db, warnings)),
      ...(await predictionChecks(db, warnings)),
    ]
  }
  if (!opened.code.startsWith('STORAGE_')) return [opened.check]
  const { tables, notYet } = inMemory(file)
  const database: Check = notYet === undefined ? { ...opened.check, name: 'database' } : { name: 'database', status: 'absent', detail: notYet }
  const memory = await attempt('configuration', () => openDatabase(tables, options))
  if ('check' in memory) return [memory.check, database]
  await using db = memory.value
  return [{ name: 'configuration', status: 'ok', detail: file }, database, ...(await modelChecks(db, warnings))]
}

async function databaseDetail(db: Database): Promise<string> {
  const collections = db.collections().map(({ name }) => name)
  return `${(await settingsOf(db)).get('storage.path')}, ${collections.length === 0 ? 'no collections yet' : `collections ${collections.join(', ')}`}`
}

import { dirname, resolve } from 'node:path'
import { readTomlFile } from './config-file.js'
import { toCollectionName } from './entity.js'
import { ArgumentError, ConfigError, type ConfigIssue, described } from './errors.js'
import { TableReader } from './table-reader.js'

/** What one database is opened with: a TOML file or an object of its shape, checked, with every default filled in. */
export interface Config {
  /** The file, or `the configuration object`: for messages. */
  readonly source: string
  readonly storage: StorageConfig
  /** For collections without settings of their own. */
  readonly analytics: AnalyticsConfig
  /** `[analytics.collection.<name>]`, each whole: what it does not say is `[analytics]`'s. */
  readonly collections: ReadonlyMap<string, AnalyticsConfig>
}

export interface StorageConfig {
  /** Absolute, or `:memory:`; undefined when the app's connection is given. */
  readonly path: string | undefined
  readonly readonly: boolean
  readonly memoryLimitBytes: number
  readonly durability: 'normal' | 'full'
  readonly busyTimeoutMs: number
  readonly migrate: 'auto' | 'manual'
}

export interface AnalyticsConfig {
  /** Undefined is a third answer: model files stay off, models of the database serve. */
  readonly neuralOde: boolean | undefined
  /** Absolute. */
  readonly modelPath: string | undefined
  /** 64 lower-case hexadecimal digits. Set only where `modelPath` is, and only for that file. */
  readonly modelSha256: string | undefined
  readonly method: string | undefined
  readonly fallback: string
  /** Undefined: the model card's, else 64. */
  readonly context: number | undefined
  readonly device: 'auto' | 'cpu' | 'cuda'
  /** 0: Chronode chooses. */
  readonly threads: number
  readonly timeoutMs: number
}

/** What `openDatabase` takes instead of a file: the same keys, with relative paths relative to the working directory. */
export interface ConfigInput {
  readonly storage?: StorageInput | undefined
  readonly analytics?: (AnalyticsInput & { readonly collection?: Readonly<Record<string, AnalyticsInput>> | undefined }) | undefined
}

/** `[storage]`. */
export interface StorageInput {
  /** Needed unless the app's connection is given. `:memory:` is a database that ends with the process. */
  readonly path?: string | undefined
  readonly readonly?: boolean | undefined
  /** Text with a unit, such as `1 GiB`, or bytes. */
  readonly memory_limit?: string | number | undefined
  readonly durability?: 'normal' | 'full' | undefined
  readonly busy_timeout_ms?: number | undefined
  readonly migrate?: 'auto' | 'manual' | undefined
}

/** `[analytics]`, and `[analytics.collection.<name>]`. */
export interface AnalyticsInput {
  readonly neural_ode?: boolean | undefined
  readonly model_path?: string | undefined
  readonly model_sha256?: string | undefined
  readonly method?: string | undefined
  readonly fallback?: string | undefined
  readonly context?: number | undefined
  readonly device?: 'auto' | 'cpu' | 'cuda' | undefined
  readonly threads?: number | undefined
  readonly timeout_ms?: number | undefined
}

/** The longest delay that a timer of Node keeps. */
const TIMER_MS_MAX = 2_147_483_647
/** More observations than this are never given to a predictor. */
const CONTEXT_MAX = 4096
const THREADS_MAX = 1024
const MEMORY_LIMIT_BYTES = 2 ** 30
const MEMORY_LIMIT_BYTES_MIN = 2 ** 20

const ANALYTICS_DEFAULTS: AnalyticsConfig = {
  neuralOde: undefined,
  modelPath: undefined,
  modelSha256: undefined,
  method: undefined,
  fallback: 'linear',
  context: undefined,
  device: 'auto',
  threads: 0,
  timeoutMs: 30_000,
}

/**
 * Reads and checks a configuration. Keys and their meaning: docs/configuration.md.
 *
 * @param input  Path of a TOML file, or an object of its shape.
 * @param attached  The app gives its own connection, so that `storage.path` must not be said.
 * @returns frozen; paths absolute, defaults filled in, sizes in bytes.
 * @throws {ConfigError} with all issues at once.
 */
export function readConfig(input: string | ConfigInput, { attached = false }: { attached?: boolean } = {}): Config {
  if (typeof input === 'string') {
    const file = resolve(input)
    if (input === ':memory:') throw new ConfigError(input, [NOT_A_FILE])
    return readTables(readTomlFile(file), file, dirname(file), attached)
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ArgumentError('config', 'the path of a TOML file, or an object such as { storage: { path } }', described(input))
  }
  return readTables(input, 'the configuration object', process.cwd(), attached)
}

const NOT_A_FILE: ConfigIssue = {
  path: '',
  expected: 'the path of a TOML file',
  received: "':memory:'; for a database in memory, write openDatabase({ storage: { path: ':memory:' } })",
}

function readTables(tables: object, source: string, folder: string, attached: boolean): Config {
  const issues: ConfigIssue[] = []
  const root = new TableReader(tables, '', folder, issues)
  const storageTable = root.child('storage')
  const analyticsTable = root.child('analytics')
  const storage = readStorage(storageTable, attached)
  const analytics = readAnalytics(analyticsTable, ANALYTICS_DEFAULTS)
  const collections = new Map<string, AnalyticsConfig>()
  for (const [name, table] of analyticsTable.child('collection').children(collectionNameProblem)) {
    collections.set(name, readAnalytics(table, analytics))
    table.rejectUnknownKeys([storageTable])
  }
  root.rejectUnknownKeys([storageTable, analyticsTable])
  storageTable.rejectUnknownKeys([analyticsTable])
  analyticsTable.rejectUnknownKeys([storageTable])
  if (issues.length > 0) throw new ConfigError(source, issues)
  return Object.freeze({ source, storage, analytics, collections })
}

function readStorage(table: TableReader, attached: boolean): StorageConfig {
  if (attached && table.says('path')) table.complain('path', 'no path, because the app gives its own connection', 'one')
  if (!attached && !table.says('path')) table.complain('path', 'the path of the database file, or ":memory:"', 'nothing')
  return Object.freeze({
    path: table.path('path', ':memory:'),
    readonly: table.boolean('readonly') ?? false,
    memoryLimitBytes: table.bytes('memory_limit', MEMORY_LIMIT_BYTES_MIN) ?? MEMORY_LIMIT_BYTES,
    durability: table.choice('durability', ['normal', 'full']) ?? 'normal',
    busyTimeoutMs: table.integer('busy_timeout_ms', { min: 0, max: TIMER_MS_MAX }) ?? 5000,
    migrate: table.choice('migrate', ['auto', 'manual']) ?? 'auto',
  })
}

function readAnalytics(table: TableReader, inherited: AnalyticsConfig): AnalyticsConfig {
  const neuralOde = table.boolean('neural_ode')
  const modelPath = table.path('model_path')
  const modelSha256 = table.text('model_sha256', '64 hexadecimal digits', /^[0-9a-f]{64}$/i)?.toLowerCase()
  if (modelSha256 !== undefined && inherited.modelPath === undefined && !table.says('model_path')) {
    table.complain('model_sha256', 'a model_path that it pins', 'none')
  }
  return Object.freeze({
    neuralOde: neuralOde ?? inherited.neuralOde,
    modelPath: modelPath ?? inherited.modelPath,
    modelSha256: modelSha256 ?? (modelPath === undefined ? inherited.modelSha256 : undefined), // a pin is of one file
    method: table.text('method', 'the name of a predictor') ?? inherited.method,
    fallback: table.text('fallback', '"linear", "last", "error" or the name of a predictor') ?? inherited.fallback,
    context: table.integer('context', { min: 1, max: CONTEXT_MAX }) ?? inherited.context,
    device: table.choice('device', ['auto', 'cpu', 'cuda']) ?? inherited.device,
    threads: table.integer('threads', { min: 0, max: THREADS_MAX }) ?? inherited.threads,
    timeoutMs: table.integer('timeout_ms', { min: 1, max: TIMER_MS_MAX }) ?? inherited.timeoutMs,
  })
}

function collectionNameProblem(name: string): string | undefined {
  try {
    toCollectionName(name)
    return undefined
  } catch (error) {
    if (error instanceof ArgumentError) return error.expected
    throw error
  }
}

import { channel } from 'node:diagnostics_channel'
import { ArgumentError, described, QueryLimitError } from '../errors.js'
import { checkOptions } from '../options.js'
import type { Warning } from '../warning.js'
import { bind } from './bind/bind.js'
import type { Catalog } from './bind/bind-clauses.js'
import { execute } from './execute.js'
import { explain } from './explain/explain.js'
import type { ParameterValues } from './expression/parameters.js'
import type { SearchMeta } from './nearest/search-meta.js'
import { type Plan, plan } from './plan.js'
import type { Context, Row } from './running.js'
import { createStop, type Stop } from './stop.js'
import { parse } from './syntax/parse.js'
import type { Query, Statement } from './syntax/statement.js'

/** A statement that was read once and can be run many times. */
export interface ParsedQuery {
  /** Empty: built by the typed API. */
  readonly text: string
  readonly statement: Statement
  /** Of a typed request, which has no other text: where errors point. */
  readonly condition?: string | undefined
}

export interface QueryOptions {
  /** Ends the statement early with `QUERY_ABORTED`. */
  readonly signal?: AbortSignal | undefined
  /** Ends the statement early with `QUERY_TIMEOUT`. Milliseconds; default: no limit. */
  readonly timeoutMs?: number | undefined
  /** A result with more rows is `QUERY_LIMIT`, never cut short. Default 1,000,000. */
  readonly maxRows?: number | undefined
  /** How vectors come: `'float32'` (the default), `'array'` for JSON, `'none'` to leave them out. */
  readonly vectors?: 'float32' | 'array' | 'none' | undefined
}

/** What the app gets of a statement. */
export interface QueryResult<R = Row> {
  readonly rows: R[]
  /** The names of the columns, in their order. */
  readonly columns: readonly string[]
  readonly meta: QueryMeta
}

/** `candidates` and what follows: of NEAREST. */
export interface QueryMeta extends Partial<SearchMeta> {
  /** Refusals and other things to know, once a cause. */
  readonly warnings: readonly Warning[]
  readonly elapsedMs: number
}

/** What the engine needs of the database. */
export type Engine = Pick<Context, 'analytics' | 'kernels' | 'settings' | 'readAheadBytes'> & {
  readonly store: Context['store'] & Pick<Catalog, 'collection'>
}

/** What `diagnostics_channel` tells on `chronode:query` of every statement that ran to its end. Parameter values are not in it. */
export interface QueryMessage {
  /** Empty: the typed API. */
  readonly text: string
  readonly elapsedMs: number
  readonly rows?: number
  readonly error?: unknown
}

const queries = channel('chronode:query')

export const MAX_ROWS = 1_000_000

export function parseQuery(text: string): ParsedQuery {
  return { text, statement: parse(text) }
}

/** Runs a statement to its end. */
export async function run(parsed: ParsedQuery, values: ParameterValues | undefined, options: QueryOptions, engine: Engine): Promise<QueryResult> {
  const start = performance.now()
  const { maxRows = MAX_ROWS } = checked(options)
  const running = begin(parsed, values, options, maxRows, engine)
  try {
    const rows: Row[] = []
    for await (const batch of running.batches()) {
      for (const row of batch) rows.push(row as Row)
      if (rows.length > maxRows) throw tooMany(maxRows)
    }
    running.stop.check()
    const elapsedMs = performance.now() - start
    if (queries.hasSubscribers) queries.publish({ text: parsed.text, rows: rows.length, elapsedMs } satisfies QueryMessage)
    return { rows, columns: running.columns, meta: { warnings: running.warnings, elapsedMs, ...running.search() } }
  } catch (error) {
    if (queries.hasSubscribers) queries.publish({ text: parsed.text, elapsedMs: performance.now() - start, error } satisfies QueryMessage)
    throw error
  } finally {
    running.stop.dispose()
  }
}

/** Runs a statement and hands its rows over one after another, without a limit on their number. */
export async function* iterate(parsed: ParsedQuery, values: ParameterValues | undefined, options: QueryOptions, engine: Engine): AsyncGenerator<Row> {
  const start = performance.now()
  checked(options)
  const running = begin(parsed, values, options, Number.POSITIVE_INFINITY, engine)
  let rows = 0
  try {
    for await (const batch of running.batches()) {
      rows += batch.length
      yield* batch as readonly Row[]
    }
  } finally {
    running.stop.dispose()
    if (queries.hasSubscribers) queries.publish({ text: parsed.text, rows, elapsedMs: performance.now() - start } satisfies QueryMessage)
  }
}

interface Running {
  readonly columns: readonly string[]
  readonly warnings: readonly Warning[]
  readonly stop: Stop
  /** How a NEAREST was answered, once it was. */
  search(): SearchMeta | undefined
  batches(): AsyncIterable<readonly object[]>
}

function begin(
  { statement, text, condition = text }: ParsedQuery,
  values: ParameterValues | undefined,
  options: QueryOptions,
  maxRows: number,
  engine: Engine,
): Running {
  const query: Query = statement.kind === 'explain' ? statement.query : statement
  const { vectors = 'float32', signal, timeoutMs } = options
  const catalog: Catalog = {
    collection: (name) => engine.store.collection(name),
    collections: () => engine.store.collections(),
    methodNames: () => engine.analytics.methodNames(),
  }
  const bound = bind(query, condition, values, catalog, Date.now())
  const planned = plan(bound, { maxRows, vectors })
  const warnings: Warning[] = []
  let search: SearchMeta | undefined
  const context: Context = {
    ...engine,
    stop: createStop({ signal, timeoutMs }),
    maxRows,
    vectors,
    warn: (warning) => addOnce(warnings, warning),
    report: (meta) => {
      search = meta
    },
  }
  const running = { warnings, stop: context.stop, search: () => search }
  if (statement.kind !== 'explain') return { ...running, columns: columnsOf(planned), batches: () => execute(planned, context) }
  const { analyze } = statement
  const columns = analyze ? ['operation', 'detail', 'rows', 'elapsed_ms'] : ['operation', 'detail']
  return {
    ...running,
    columns,
    async *batches() {
      yield await explain(planned, context, analyze)
    },
  }
}

const DESCRIBED = ['property', 'value']
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  collections: ['name', 'dimension', 'metric', 'normalized', 'entity_count', 'observation_count'],
  models: ['name', 'collection', 'status', 'reason', 'message', 'device', 'sha256', 'card', 'path'],
  predictors: ['name', 'context_min', 'context_max', 'source', 'available', 'reason'],
  settings: ['setting', 'value'],
}

function columnsOf(plan: Plan): readonly string[] {
  if (plan.kind === 'project') return plan.columns.map(({ name }) => name)
  if (plan.kind === 'catalog' && plan.query.kind === 'show') return SHOWN[plan.query.what] ?? []
  return DESCRIBED
}

function addOnce(warnings: Warning[], warning: Warning): void {
  if (!warnings.some(({ code, message }) => code === warning.code && message === warning.message)) warnings.push(warning)
}

function checked(options: QueryOptions): QueryOptions {
  checkOptions('options', options, ['signal', 'timeoutMs', 'maxRows', 'vectors'])
  const { maxRows, vectors } = options
  if (maxRows !== undefined && !(Number.isInteger(maxRows) && maxRows >= 0))
    throw new ArgumentError('maxRows', 'a whole number, 0 or more', described(maxRows))
  if (vectors !== undefined && vectors !== 'float32' && vectors !== 'array' && vectors !== 'none') {
    throw new ArgumentError('vectors', "'float32', 'array' or 'none'", described(vectors))
  }
  return options
}

function tooMany(maxRows: number): QueryLimitError {
  return new QueryLimitError(
    `This statement has more than ${maxRows} rows. Add a LIMIT, raise maxRows, or read them with iterate().`,
    maxRows,
    undefined,
  )
}

import { QueryLimitError, unreachable } from '../errors.js'
import { Slice } from '../slice.js'
import type { BoundLimit, OutputColumn } from './bind/bound.js'
import { catalogRows } from './catalog-rows.js'
import type { Evaluate } from './expression/compiled.js'
import { nearestRows } from './nearest/nearest-rows.js'
import type { Plan } from './plan.js'
import { predictRows } from './predict/predict-rows.js'
import type { Batch, Context, Row, Trace } from './running.js'
import { aggregateRows } from './select/aggregate-rows.js'
import { recordAggregates } from './select/record-aggregates.js'
import { type KeyedRow, type Pause, sortRows } from './select/row-order.js'
import { sampleRows } from './select/sample-rows.js'
import { scanRows } from './select/scan-rows.js'

/** Runs a plan, batch by batch. Every choice the query makes is made here; the operators only loop. */
export function execute(plan: Plan, context: Context): AsyncIterable<Batch> {
  const batches = operator(plan, context)
  return context.trace === undefined ? batches : traced(plan, batches, context.trace)
}

function operator(plan: Plan, context: Context): AsyncIterable<Batch> {
  switch (plan.kind) {
    case 'predict':
      return predictRows(plan.query, plan.rowsWanted, context)
    case 'scan':
      return scanRows(plan.query, plan.rowsWanted, context)
    case 'sample':
      return sampleRows(plan.query, plan.rowsWanted, context)
    case 'aggregate':
      return aggregateRows(execute(plan.input, context), plan.query, context.stop)
    case 'record-aggregate':
      return recordAggregates(plan.query, context)
    case 'nearest': {
      const { target } = plan
      return nearestRows(plan.query, (shared) => (target === undefined ? nothing() : execute(target, shared)), context)
    }
    case 'catalog':
      return catalogRows(plan.query, context)
    case 'filter':
      return filter(execute(plan.input, context), plan.condition.evaluate)
    case 'sort':
      return sort(execute(plan.input, context), plan, context)
    case 'limit':
      return limit(execute(plan.input, context), plan.limit)
    case 'project':
      if (plan.isWholeRow) return execute(plan.input, context)
      return project(execute(plan.input, context), plan.columns, context.vectors === 'array')
    default:
      return unreachable(plan)
  }
}

async function* nothing(): AsyncGenerator<Batch> {}

/** The time of an operator is that of everything under it, too. */
async function* traced(plan: Plan, batches: AsyncIterable<Batch>, trace: Trace): AsyncGenerator<Batch> {
  const start = performance.now()
  let rows = 0
  try {
    for await (const batch of batches) {
      rows += batch.length
      yield batch
    }
  } finally {
    trace(plan, rows, performance.now() - start) // LIMIT may leave early
  }
}

async function* filter(input: AsyncIterable<Batch>, test: Evaluate): AsyncGenerator<Batch> {
  for await (const batch of input) {
    const kept = batch.filter((row) => test(row as never) === true)
    if (kept.length > 0) yield kept
  }
}

/** Sorts everything, or keeps what LIMIT will take while the rest passes by. */
async function* sort(
  input: AsyncIterable<Batch>,
  { keys, rowsWanted }: Extract<Plan, { kind: 'sort' }>,
  { maxRows, stop }: Context,
): AsyncGenerator<Batch> {
  const slice = new Slice()
  const pause: Pause = () => {
    stop.check()
    return slice.pause()
  }
  let keyed: KeyedRow[] = []
  for await (const batch of input) {
    for (const row of batch) keyed.push({ row, values: keys.map(({ evaluate }) => evaluate(row as never)) })
    if (keyed.length > 2 * rowsWanted + BATCH_ROWS) keyed = (await sortRows(keyed, keys, pause)).slice(0, rowsWanted)
    if (rowsWanted > maxRows && keyed.length > maxRows)
      throw new QueryLimitError(`ORDER BY met more than ${maxRows} rows. Narrow the statement, add a LIMIT, or raise maxRows.`, maxRows, undefined)
    await pause()
  }
  const sorted = await sortRows(keyed, keys, pause)
  for (let i = 0; i < sorted.length; i += BATCH_ROWS) yield sorted.slice(i, i + BATCH_ROWS).map(({ row }) => row)
}

const BATCH_ROWS = 1024

async function* limit(input: AsyncIterable<Batch>, { count, offset }: BoundLimit): AsyncGenerator<Batch> {
  let skip = offset
  let left = count
  if (left === 0) return
  for await (const batch of input) {
    const rows = batch.slice(skip, skip + left)
    skip = Math.max(0, skip - batch.length)
    left -= rows.length
    if (rows.length > 0) yield rows
    if (left === 0) return
  }
}

async function* project(input: AsyncIterable<Batch>, columns: readonly OutputColumn[], asArrays: boolean): AsyncGenerator<Batch> {
  const slice = new Slice()
  for await (const batch of input) {
    yield batch.map((row) => projected(row, columns, asArrays))
    await slice.pause()
  }
}

function projected(row: object, columns: readonly OutputColumn[], asArrays: boolean): Row {
  const output: Record<string, unknown> = {}
  for (const { name, evaluate } of columns) {
    const value = evaluate(row as never)
    output[name] = asArrays && value instanceof Float32Array ? Array.from(value) : value
  }
  return output
}

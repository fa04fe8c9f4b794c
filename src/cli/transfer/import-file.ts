import { dirname, resolve } from 'node:path'
import { readConfig } from '../../index.js'
import { counted, countText } from '../amounts.js'
import { visible } from '../cell.js'
import { chooseDatabase } from '../choose-database.js'
import { isWritable } from '../file-access.js'
import { interruptible } from '../interrupt.js'
import { EXIT, styled, type Terminal, UsageError, write } from '../terminal.js'
import { type ColumnOptions, columnNames } from './column-names.js'
import { assertDistinctFiles } from './distinct-files.js'
import { type FileFormat, type Format, formatOf } from './file-format.js'
import { type ImportCounts, NOTHING_YET, RowImport } from './import-rows.js'
import { type ImportState, StateFile } from './import-state.js'
import { openDryTarget, openTarget, type TargetOptions } from './import-target.js'
import { type Input, openInput } from './input.js'
import { LocalTime } from './local-time.js'
import { assertNotTheDatabase } from './not-the-database.js'
import { openRecords } from './open-records.js'
import { Progress } from './progress.js'
import { RejectsFile } from './rejects-file.js'
import { assertReplaceable } from './replaced-files.js'
import { RowMapping } from './row-mapping.js'
import type { TimeUnit } from './time-cell.js'
import { BadLine, TransferError } from './transfer-error.js'

export interface ImportOptions extends ColumnOptions, TargetOptions {
  readonly format?: Format
  readonly delimiter?: string
  readonly timeUnit?: TimeUnit
  readonly timeZone?: string
  readonly batch: number
  readonly resume?: boolean
  readonly state?: string
  readonly rejects?: string
  readonly overwrite?: boolean
  readonly dryRun?: boolean
  readonly progress?: boolean
  readonly json?: boolean
}

/** How an import ended. */
interface Ending {
  readonly counts: ImportCounts
  readonly isComplete: boolean
  /** What was wrong with the input. */
  readonly problem: string | undefined
  /** It is a line that --rejects would put aside. */
  readonly isBadLine?: boolean
}

/**
 * Imports a file and prints what became of it.
 *
 * @returns the exit code.
 * @throws {DatabaseError} the database failed; what is stored and how to go on was told before.
 */
export async function importFile(file: string, options: ImportOptions, terminal: Terminal): Promise<number> {
  const format = formatOf(file, options)
  const state = stateFileOf(file, options)
  assertNotTheDatabase(options, file, state?.path, options.rejects)
  assertDistinctFiles({ 'the file to import': file, 'the state': state?.path, 'the file of rejects': options.rejects })
  if (options.overwrite !== true) assertReplaceable({ state: state?.path, rejects: options.rejects, isResumed: options.resume === true })
  try {
    const ending = await ended(file, format, options, state, terminal)
    if (ending.isComplete) state?.remove()
    return await told(file, ending, options, state, terminal)
  } catch (error) {
    if (!(error instanceof TransferError)) throw error
    return await told(file, { counts: NOTHING_YET, isComplete: false, problem: error.message }, options, undefined, terminal)
  }
}

async function ended(file: string, format: FileFormat, options: ImportOptions, state: StateFile | undefined, terminal: Terminal): Promise<Ending> {
  const columns = columnNames(options)
  const times = { unit: options.timeUnit, zone: options.timeZone === undefined ? undefined : new LocalTime(options.timeZone) }
  const input = await openInput(file, terminal.stdin)
  const reading = readingOf(format, options)
  const before = options.resume === true ? stateBefore(input, reading, state, terminal) : undefined
  const records = await openRecords(input, format, columns.wanted)

  await using target = await (options.dryRun === true ? openDryTarget(options, terminal) : openTarget(options, before !== undefined, terminal))
  using progress = new Progress(terminal, options.progress === true, () => shareOf(input))
  using rejects = options.rejects === undefined ? undefined : new RejectsFile(options.rejects, before?.rejectsBytes ?? 0)
  return await interruptible(async (signal) => {
    signal.addEventListener('abort', input.stopWaiting)
    const acknowledge = (counts: ImportCounts): void => {
      const rejectsBytes = rejects?.flush() ?? 0
      state?.write({ input: input.identity, reading, ...counts, rejectsBytes })
    }
    const mapping = new RowMapping(columns, times, target.collection.dimension, records)
    const parts = { name: input.name, records, mapping, store: target.store, rejects, batchSize: options.batch, progress, signal, acknowledge }
    const run = new RowImport(parts, before === undefined ? NOTHING_YET : countsOf(before))
    try {
      return { isComplete: await run.run(), counts: run.counts, problem: undefined }
    } catch (error) {
      if (error instanceof TransferError)
        return { isComplete: false, counts: run.counts, problem: error.message, isBadLine: error instanceof BadLine }
      if (run.counts.records > 0) terminal.stderr.write(`${soFar(run.counts, false, options, state)}\n`)
      throw error
    }
  })
}

/** What must be the same when an import is resumed, by the names of the options. */
function readingOf({ format, delimiter }: FileFormat, options: ImportOptions): ImportState['reading'] {
  const { collection, entity, time, vector, payload, attributes, timeUnit, timeZone } = options
  const database = readConfig(chooseDatabase(options)).storage.path
  const named = { database, collection, entity, time, vector, payload, attributes, 'time-unit': timeUnit, 'time-zone': timeZone, format, delimiter }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

/** Undefined: none is kept, because it is a dry run, or a pipe, or the folder of the file may not be written to. @throws {UsageError} */
function stateFileOf(file: string, { dryRun, state, resume }: ImportOptions): StateFile | undefined {
  if (dryRun === true) return undefined
  if (state !== undefined) return new StateFile(state)
  if (file !== '-' && isWritable(dirname(resolve(file)))) return new StateFile(`${file}.import-state`)
  if (resume === true) throw new UsageError('--resume needs to know where the state was kept: name it with --state.')
  return undefined
}

function stateBefore(input: Input, reading: ImportState['reading'], state: StateFile | undefined, { stderr }: Terminal): ImportState | undefined {
  const before = state?.read(input.identity, reading, input.name)
  if (before === undefined) stderr.write(`There is no state at ${visible(state?.path ?? '-')}: importing from the start.\n`)
  return before
}

function countsOf({ records, inserted, replaced, attributes, rejected }: ImportState): ImportCounts {
  return { records, inserted, replaced, attributes, rejected }
}

function shareOf({ identity, bytesRead }: Input): number | undefined {
  return identity.bytes === null || identity.bytes === 0 ? undefined : bytesRead() / identity.bytes
}

async function told(
  file: string,
  ending: Ending,
  options: ImportOptions,
  state: StateFile | undefined,
  { stdout, stderr }: Terminal,
): Promise<number> {
  const { counts, isComplete, problem, isBadLine = false } = ending
  const isInterrupted = !isComplete && problem === undefined
  if (problem !== undefined) stderr.write(`${styled('red', 'error:', stderr)} ${visible(problem)}\n`)
  if (options.json === true) await write(stdout, `${JSON.stringify(summary(file, ending, options))}\n`)
  else if (isComplete) await write(stdout, `${completedText(file, counts, options)}\n`)
  if (!isComplete && counts.records > 0) stderr.write(`${soFar(counts, isBadLine, options, state)}\n`)
  if (isInterrupted) return EXIT.interrupted
  if (problem !== undefined) return EXIT.failed
  return counts.rejected > 0 ? EXIT.rejected : EXIT.ok
}

function summary(file: string, { counts, isComplete, problem }: Ending, { dryRun = false }: ImportOptions): object {
  const { records, ...stored } = counts
  const ending = problem !== undefined ? 'failed' : isComplete ? 'complete' : 'interrupted'
  return { file, ending, dry_run: dryRun, rows: records, ...stored, ...(problem === undefined ? {} : { problem }) }
}

/** `words.csv: 1,000 rows: 998 inserted, 0 replaced, 2 rejected, which are in rejects.jsonl.` */
function completedText(file: string, { records, inserted, replaced, attributes, rejected }: ImportCounts, options: ImportOptions): string {
  const { dryRun, rejects } = options
  const parts = dryRun === true ? [`${countText(records - rejected)} right`] : [`${countText(inserted)} inserted`, `${countText(replaced)} replaced`]
  if (attributes > 0 && dryRun !== true) parts.push(`attributes of ${attributes === 1 ? '1 entity' : `${countText(attributes)} entities`}`)
  if (rejects !== undefined) parts.push(`${countText(rejected)} rejected${rejected > 0 ? `, which are in ${visible(rejects)}` : ''}`)
  return `${file === '-' ? 'standard input' : visible(file)}: ${counted(records, 'row')}: ${parts.join(', ')}.${dryRun === true ? ' Nothing was written.' : ''}`
}

/** What an import that did not come to its end has done, and how to go on. */
function soFar({ records }: ImportCounts, isBadLine: boolean, { dryRun }: ImportOptions, state: StateFile | undefined): string {
  if (dryRun === true) return `${counted(records, 'row')} before were right. Nothing was written.`
  const past = isBadLine ? ', and go on past bad lines with --rejects FILE' : ''
  const how =
    state === undefined
      ? 'Import again from the start: what is stored is replaced by the same. To be able to resume, name a file with --state.'
      : `To go on from there, give the same command with --resume${past}; after a change of the file without it: what is stored is replaced by the same.`
  return `${counted(records, 'row')} of the file are done, and stored; nothing after them is. ${how}`
}

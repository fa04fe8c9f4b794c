import { createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Collection, QueryStoppedError } from '../../index.js'
import { counted } from '../amounts.js'
import { visible } from '../cell.js'
import type { DatabaseOptions } from '../choose-database.js'
import { interruptible } from '../interrupt.js'
import { openStorage } from '../open-storage.js'
import { EXIT, styled, type Terminal, UsageError, write } from '../terminal.js'
import { arrowBytes } from './arrow-bytes.js'
import { type ExportRow, exportRows } from './export-rows.js'
import { csvText, jsonlText, type TimeStyle } from './export-text.js'
import { type FileFormat, type Format, formatOf } from './file-format.js'
import { assertNotTheDatabase } from './not-the-database.js'
import { onlyCollection } from './only-collection.js'
import { parquetBytes } from './parquet-bytes.js'
import { Progress } from './progress.js'
import { fileProblem, TransferError } from './transfer-error.js'

export interface ExportOptions extends DatabaseOptions {
  readonly collection?: string
  readonly format?: Format
  readonly delimiter?: string
  readonly vector: 'list' | 'columns'
  readonly times?: TimeStyle
  readonly gzip?: boolean
  readonly overwrite?: boolean
  readonly progress?: boolean
  readonly json?: boolean
}

/**
 * Writes a collection to a file, or to standard output where the name is `-`.
 *
 * @returns the exit code. @throws {DatabaseError} the database failed; half a file never bears the name.
 */
export async function exportFile(file: string, options: ExportOptions, terminal: Terminal): Promise<number> {
  const format = formatOf(file, options)
  checkOptions(file, format, options)
  assertNotTheDatabase(options, file)
  await using db = await openStorage(options, { readonly: true }, terminal)
  const collection = db.collection(options.collection ?? onlyCollection(db))
  const { observations } = await collection.stats()
  let rows = 0
  using progress = new Progress(terminal, options.progress === true, () => (observations === 0 ? undefined : Math.min(1, rows / observations)))
  async function* told(): AsyncGenerator<readonly ExportRow[]> {
    for await (const page of exportRows(db, collection)) {
      yield page
      rows += page.length
      progress.tell(rows)
    }
  }
  try {
    await interruptible((signal) =>
      written(encoded(told(), format, options, collection), file, format.isGzip || options.gzip === true, terminal, signal),
    )
  } catch (error) {
    if (!(error instanceof TransferError)) throw error
    terminal.stderr.write(`${styled('red', 'error:', terminal.stderr)} ${visible(error.message)}\n`)
    return EXIT.failed
  }
  await tellEnd(file, rows, options, terminal)
  return EXIT.ok
}

function checkOptions(file: string, { format }: FileFormat, { vector, gzip, overwrite, json }: ExportOptions): void {
  if (vector === 'columns' && format !== 'csv') throw new UsageError('--vector columns is for CSV; the other formats have lists.')
  if (gzip === true && (format === 'arrow' || format === 'parquet')) throw new UsageError('--gzip is for CSV and JSON lines.')
  if (file === '-' && json === true) throw new UsageError('--json tells of a file; standard output holds the rows already.')
  if (file === '-') return
  if (existsSync(file) && statSync(file).isDirectory()) throw new UsageError(`${file} is a folder. Name a file in it.`)
  if (overwrite !== true && existsSync(file))
    throw new UsageError(`There is something at ${file}. Name another file, or replace it with --overwrite.`)
}

function encoded(
  pages: AsyncIterable<readonly ExportRow[]>,
  { format, delimiter }: FileFormat,
  { vector, times }: ExportOptions,
  { dimension }: Collection,
): AsyncIterable<string | Uint8Array> {
  const settings = { dimension, delimiter, hasVectorColumns: vector === 'columns', times: times ?? (format === 'csv' ? 'iso' : 'ms') } as const
  switch (format) {
    case 'csv':
      return csvText(pages, settings)
    case 'jsonl':
      return jsonlText(pages, settings)
    case 'arrow':
      return arrowBytes(pages, dimension)
    case 'parquet':
      return parquetBytes(pages)
  }
}

/** A file has another name until it is whole. @throws {QueryStoppedError} `QUERY_ABORTED`: the signal said so. */
async function written(
  content: AsyncIterable<string | Uint8Array>,
  file: string,
  isGzip: boolean,
  { stdout }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const draft = file === '-' ? undefined : `${file}.part`
  try {
    if (draft === undefined) return await piped(content, stdout, isGzip, { signal, end: false })
    await piped(content, createWriteStream(draft), isGzip, { signal })
    renameSync(draft, file)
  } catch (error) {
    if (draft !== undefined) rmSync(draft, { force: true })
    if (signal.aborted) throw new QueryStoppedError('QUERY_ABORTED', 'The export was aborted.', { cause: signal.reason })
    const { syscall } = error as NodeJS.ErrnoException
    throw draft === undefined || syscall === undefined ? error : fileProblem(error, file, 'written')
  }
}

function piped(
  content: AsyncIterable<string | Uint8Array>,
  to: Writable,
  isGzip: boolean,
  options: { signal: AbortSignal; end?: boolean },
): Promise<void> {
  return isGzip ? pipeline(content, createGzip(), to, options) : pipeline(content, to, options)
}

/** Nothing but the rows goes to a pipe. */
async function tellEnd(file: string, rows: number, { json }: ExportOptions, { stdout }: Terminal): Promise<void> {
  if (file === '-') return
  const { size } = statSync(file)
  await write(stdout, json === true ? `${JSON.stringify({ file, rows, bytes: size })}\n` : `${visible(file)}: ${counted(rows, 'row')}.\n`)
}

import { basename } from 'node:path'
import { UsageError } from '../terminal.js'

export const FORMATS = ['csv', 'jsonl', 'arrow', 'parquet'] as const
export type Format = (typeof FORMATS)[number]

const FORMAT_OF_EXTENSION: Readonly<Record<string, Format>> = {
  csv: 'csv',
  tsv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  arrow: 'arrow',
  arrows: 'arrow',
  feather: 'arrow',
  parquet: 'parquet',
}

export interface FileFormat {
  readonly format: Format
  /** Compressed as a whole. What is read is told by its first bytes instead. */
  readonly isGzip: boolean
  /** Between the cells of CSV. */
  readonly delimiter: string
}

/**
 * How a file is written down: by `--format`, else by its extension, before `.gz`.
 *
 * @param file  `-`: standard input or output, which has no extension.
 * @throws {UsageError}
 */
export function formatOf(file: string, { format, delimiter }: { format?: Format | undefined; delimiter?: string | undefined }): FileFormat {
  const name = basename(file).toLowerCase()
  const isGzip = name.endsWith('.gz')
  const extension = (isGzip ? name.slice(0, -'.gz'.length) : name).split('.').at(-1)!
  const meant = format ?? FORMAT_OF_EXTENSION[extension]
  if (meant === undefined) {
    const met = file === '-' ? 'A pipe has no extension that tells its format' : `The extension of ${file} tells no format`
    throw new UsageError(`${met}. Say it with --format: ${FORMATS.join(', ')}.`)
  }
  return { format: meant, isGzip, delimiter: delimiter ?? (extension === 'tsv' ? '\t' : ',') }
}

/** `--delimiter`: one character, or the word tab. @throws {UsageError} */
export function parseDelimiter(given: string): string {
  const delimiter = given === 'tab' || given === '\\t' ? '\t' : given
  if ([...delimiter].length !== 1 || /["\r\n]/.test(delimiter)) {
    throw new UsageError(`--delimiter should be one character, such as ';', or the word tab; it is ${JSON.stringify(given)}.`)
  }
  return delimiter
}

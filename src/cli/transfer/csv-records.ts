import type { Input } from './input.js'
import { type InputRecord, missingColumn, RECORD_LENGTH_MAX, type Records, type WantedColumn } from './records.js'
import { TransferError } from './transfer-error.js'

interface CsvRow {
  readonly line: number
  readonly cells: readonly string[]
  readonly problem: string | undefined
}

/** Opens CSV whose first line names the columns (RFC 4180; line ends of either kind; blank lines do not count). @throws {TransferError} */
export async function openCsv(input: Input, wanted: readonly WantedColumn[], delimiter: string): Promise<Records> {
  const pages = rowPages(input, delimiter)
  let page: readonly CsvRow[] = []
  while (page.length === 0) {
    const next = await pages.next()
    if (next.done === true) throw new TransferError(`${input.name} is empty: its first line should name the columns.`)
    page = next.value
  }
  const [header, ...rest] = page
  if (header!.problem !== undefined) throw new TransferError(`${input.name}:${header!.line}: ${header!.problem}`)
  const names = header!.cells
  const places = wanted.map((column) => placeOf(column, names, input.name))

  const record = ({ line, cells, problem }: CsvRow): InputRecord => {
    if (problem !== undefined) return { line, cells: [], problem, source: cells }
    if (cells.length === names.length) return { line, cells: places.map((place) => (place < 0 ? undefined : cells[place])), source: cells }
    return { line, cells: [], problem: `A line should have ${names.length} cells, as the header has; it has ${cells.length}.`, source: cells }
  }
  return {
    hasTextCells: true,
    async *pages(skip) {
      let left = skip
      const kept = (rows: readonly CsvRow[]): readonly InputRecord[] => {
        const skipped = Math.min(left, rows.length)
        left -= skipped
        return rows.slice(skipped).map(record)
      }
      yield kept(rest)
      for await (const rows of pages) yield kept(rows)
    },
  }
}

/** -1: the column is not there, and need not be. */
function placeOf({ name, isRequired }: WantedColumn, names: readonly string[], file: string): number {
  const place = names.indexOf(name)
  if (place < 0 && isRequired) throw new TransferError(missingColumn(name, names, ` in ${file}`))
  if (place >= 0 && names.indexOf(name, place + 1) >= 0)
    throw new TransferError(`The header of ${file} names the column "${name}" twice. Rename one.`)
  return place
}

/** The parser of papaparse is fed by hand, as its own streams do it: they tell neither lines nor what is wrong with the quotes. */
async function* rowPages(input: Input, delimiter: string): AsyncGenerator<readonly CsvRow[], undefined> {
  const { default: papaparse } = await import('papaparse')
  const parser = new papaparse.Parser({ delimiter, newline: '\n' }) // the \r before it is taken off below
  let line = 1
  let rest = ''
  const rowsOf = (text: string, isLast: boolean): CsvRow[] => {
    const { data, errors, meta } = parser.parse(text, 0, !isLast)
    const hasQuotes = text.includes('"')
    const problems = new Map(errors.map(({ row, code }) => [row, QUOTE_PROBLEMS[code] ?? code]))
    const rows: CsvRow[] = []
    data.forEach((cells, i) => {
      if (!isBlank(cells)) rows.push({ line, cells: withoutReturn(cells), problem: problems.get(i) })
      line += 1 + (hasQuotes ? lineBreaks(cells) : 0)
    })
    rest = isLast ? '' : text.slice(meta.cursor)
    return rows
  }
  for await (const text of input.texts()) {
    const rows = rowsOf(rest + text, false)
    if (rest.length > RECORD_LENGTH_MAX) throw new TransferError(`${input.name}:${line}: ${QUOTE_PROBLEMS['MissingQuotes']}`)
    yield rows
  }
  if (rest !== '') yield rowsOf(rest, true)
  return undefined
}

const QUOTE_PROBLEMS: Readonly<Record<string, string>> = {
  MissingQuotes: 'A quoted cell begins here and is never closed.',
  InvalidQuotes: 'Text follows a closing quote. A quote inside of a quoted cell is written twice.',
}

function isBlank(cells: readonly string[]): boolean {
  return cells.length === 1 && cells[0]!.trim() === ''
}

function withoutReturn(cells: readonly string[]): readonly string[] {
  const last = cells.at(-1)!
  return last.endsWith('\r') ? cells.with(-1, last.slice(0, -1)) : cells
}

function lineBreaks(cells: readonly string[]): number {
  let count = 0
  for (const cell of cells) for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) count++
  return count
}

import type { Row } from '../index.js'
import { cellOf, visible } from './cell.js'
import { type Output, styled } from './terminal.js'
import { padded, widthOf } from './text-width.js'

const GAP = '  '

/** One value as it will be shown; a missing one is shown as NULL, with less weight. */
type Cell = string | undefined

/**
 * Rows for a person: a table, or where that would be wider than the terminal one block a row.
 *
 * @returns lines that end with a line break, and the number of rows.
 */
export function tableText(rows: readonly Row[], columns: readonly string[], output: Output): string {
  const count = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}\n`
  if (rows.length === 0) return count
  const titles = columns.map(visible)
  const cells = rows.map((row) => columns.map((column) => cellOf(meaningOf(column, row), row[column])))
  const widths = titles.map((title, i) => cells.reduce((width, row) => Math.max(width, widthOf(row[i] ?? 'NULL')), widthOf(title)))
  const width = widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1))
  const fits = output.columns === undefined || width <= output.columns
  return (fits ? gridText(titles, cells, widths, output) : blocksText(titles, cells, output)) + count
}

/** DESCRIBE names its columns in its rows. */
function meaningOf(column: string, row: Row): string {
  return column === 'value' && typeof row['property'] === 'string' ? row['property'] : column
}

/** Nothing but space between the columns: easy to read, easy to copy. */
function gridText(titles: readonly string[], cells: readonly (readonly Cell[])[], widths: readonly number[], output: Output): string {
  const inner = widths.with(-1, 0) // nothing follows the last column
  const heading = titles.map((title, i) => styled('bold', padded(title, inner[i]!), output))
  const body = cells.map((row) => row.map((text, i) => shownIn(text, inner[i]!, output)))
  return [heading, ...body].map((texts) => `${texts.join(GAP)}\n`).join('')
}

function blocksText(titles: readonly string[], cells: readonly (readonly Cell[])[], output: Output): string {
  const width = Math.max(...titles.map(widthOf))
  const block = (row: readonly Cell[]): string => row.map((text, i) => `${padded(titles[i]!, width)}${GAP}${shownIn(text, 0, output)}\n`).join('')
  return cells.map((row, i) => `${styled('bold', `row ${i + 1}`, output)}\n${block(row)}\n`).join('')
}

function shownIn(text: Cell, width: number, output: Output): string {
  return text === undefined ? styled('dim', padded('NULL', width), output) : padded(text, width)
}

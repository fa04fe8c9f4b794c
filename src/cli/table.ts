import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'
import type { Row } from '../index.js'
import { cellOf, visible } from './cell.js'
import { type Output, styled } from './terminal.js'

/**
 * Rows for a person: a table, or where that would be wider than the terminal one block a row.
 *
 * @returns lines that end with a line break and the number of rows.
 */
export function tableText(rows: readonly Row[], columns: readonly string[], output: Output): string {
  const count = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}\n`
  if (rows.length === 0) return count
  const table = gridText(rows, columns, output)
  const fits = output.columns === undefined || widthOf(table) <= output.columns
  const shown = fits ? table : blocksText(rows, columns, output)
  return `${shown}${count}`
}

function widthOf(text: string): number {
  return text.split('\n').reduce((width, line) => Math.max(width, stripVTControlCharacters(line).length), 0)
}

/** Nothing but space between the columns: easy to read, easy to copy. */
const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} // biome-ignore format: a table

function gridText(rows: readonly Row[], columns: readonly string[], output: Output): string {
  const table = new Table({ chars: PLAIN, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } })
  table.push(columns.map((column) => styled('bold', visible(column), output)))
  for (const row of rows) table.push(columns.map((column) => cell(row, column, output)))
  const lines = table.toString().split('\n')
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function blocksText(rows: readonly Row[], columns: readonly string[], output: Output): string {
  const width = Math.max(...columns.map((column) => column.length))
  const lines = (row: Row): string => columns.map((column) => `${column.padEnd(width)}  ${cell(row, column, output)}\n`).join('')
  return rows.map((row, i) => `${styled('bold', `row ${i + 1}`, output)}\n${lines(row)}\n`).join('')
}

function cell(row: Row, column: string, output: Output): string {
  const meaning = column === 'value' && typeof row['property'] === 'string' ? row['property'] : column // DESCRIBE names its columns in rows
  return cellOf(meaning, row[column]) ?? styled('dim', 'NULL', output)
}

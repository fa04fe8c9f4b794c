/** A heading with a line of explanation below it. */
export function chapter(title: string, explanation: string): void {
  console.log(`\n${title}\n${'-'.repeat(title.length)}\n${explanation}\n`)
}

/** A statement as it would be typed. */
export function statement(text: string): void {
  console.log(`  > ${text}\n`)
}

/** Cells in columns, the first row above the others; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? '').length)))
  for (const row of rows) {
    const cells = row.map((value, column) => (typeof value === 'number' ? String(value).padStart(widths[column]!) : value.padEnd(widths[column]!)))
    console.log(`  ${cells.join('  ').trimEnd()}`)
  }
  console.log()
}

/** The day of a timestamp: `2030-12-31`. */
export function day(timestamp: number): string {
  return new Date(timestamp).toISOString().slice(0, 10)
}

/** How often each followed word stood near each context word. A dense matrix, row-major. */
export interface Counts {
  /** [rows, contexts] weighted pairs. */
  readonly pairs: Float64Array
  /** [contexts] weighted pairs of every word of the texts with this context, followed or not. */
  readonly contextTotals: Float64Array
  /** [rows] weighted pairs of this word with any word, a context or not. */
  readonly rowTotals: Float64Array
  /** [rows] occurrences of the word. */
  readonly occurrences: Float64Array
  /** Weighted pairs of all words. */
  total: number
}

export interface Vocabulary {
  /** Word to row, or to column. */
  readonly rows: ReadonlyMap<string, number>
  readonly contexts: ReadonlyMap<string, number>
}

export function emptyCounts({ rows, contexts }: Vocabulary): Counts {
  return {
    pairs: new Float64Array(rows.size * contexts.size),
    contextTotals: new Float64Array(contexts.size),
    rowTotals: new Float64Array(rows.size),
    occurrences: new Float64Array(rows.size),
    total: 0,
  }
}

/** Adds the pairs of words that stand at most `window` words apart; a pair at distance d weighs (window + 1 - d) / window. */
export function addText(counts: Counts, { rows, contexts }: Vocabulary, words: readonly string[], window: number): void {
  const rowOf = words.map((word) => rows.get(word) ?? -1)
  const columnOf = words.map((word) => contexts.get(word) ?? -1)
  for (let i = 0; i < words.length; i++) {
    const row = rowOf[i]!
    if (row >= 0) counts.occurrences[row]! += 1
    for (let j = Math.max(0, i - window); j <= Math.min(words.length - 1, i + window); j++) {
      if (j === i) continue
      const weight = (window + 1 - Math.abs(i - j)) / window
      const column = columnOf[j]!
      counts.total += weight
      if (row >= 0) counts.rowTotals[row]! += weight
      if (column >= 0) counts.contextTotals[column]! += weight
      if (row >= 0 && column >= 0) counts.pairs[row * contexts.size + column]! += weight
    }
  }
}

/** Lets a year pass: what was counted so far weighs `factor` of what it did. */
export function fade(counts: Counts, factor: number): void {
  for (const values of [counts.pairs, counts.contextTotals, counts.rowTotals, counts.occurrences]) {
    for (let i = 0; i < values.length; i++) values[i]! *= factor
  }
  counts.total *= factor
}

import type { WordVector } from './vectors.ts'

/** Coordinates have a mean square of 1: two decimals keep a vector's direction to a quarter of a degree. */
const DECIMALS = 2

/** Lines `entity,timestamp,v0,v1,...` by word, then by year; a year's vector is dated 31 December. */
export function toCsv(vectors: readonly WordVector[]): string {
  const dimension = vectors[0]?.vector.length ?? 0
  const header = ['entity', 'timestamp', ...Array.from({ length: dimension }, (_, i) => `v${i}`)]
  const sorted = [...vectors].sort((a, b) => (a.word === b.word ? a.year - b.year : a.word < b.word ? -1 : 1))
  const lines = sorted.map(({ word, year, vector }) => [word, `${year}-12-31`, ...vector.map(rounded)].join(','))
  return [header.join(','), ...lines, ''].join('\n')
}

function rounded(value: number): string {
  return String(Number(value.toFixed(DECIMALS)) + 0)
}

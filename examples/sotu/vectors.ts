import type { Year } from './addresses.ts'
import { type Basis, fitBasis, project } from './basis.ts'
import { addText, type Counts, emptyCounts, fade, type Vocabulary } from './counts.ts'
import { contextShares, ppmiRow } from './ppmi.ts'
import { tokenize } from './tokenize.ts'

export interface Settings {
  /** The first year that has vectors. Contexts and basis are fitted on the texts before it, and on nothing else. */
  readonly firstYear: number
  /** D. */
  readonly dimension: number
  /** The most frequent words before `firstYear`, against which all words are described. */
  readonly contexts: number
  /** A word as far apart as this still counts as near. */
  readonly window: number
  /** A year's counts weigh this much less with each year that passes. */
  readonly fading: number
  /** Faded occurrences that a word must have in a year to get a vector. */
  readonly occurrencesMin: number
  /** Occurrences before `firstYear` that a word must have to take part in the basis. */
  readonly basisOccurrencesMin: number
}

export const SETTINGS: Settings = {
  firstYear: 1900,
  dimension: 32,
  contexts: 1500,
  window: 15,
  fading: 0.94,
  occurrencesMin: 6,
  basisOccurrencesMin: 30,
}

/** Where one word stood at the end of one year. */
export interface WordVector {
  readonly word: string
  readonly year: number
  /** [D] */
  readonly vector: readonly number[]
}

/**
 * The followed words' vectors, year by year, on one basis.
 *
 * A word has a vector in a year in which an address used it, and by then often enough. The vector of a year is made of that year's texts and earlier
 * ones: whatever is said later, it stays as it is, to the last bit.
 */
export function* wordVectors(years: readonly Year[], followed: readonly string[], settings: Settings): Generator<WordVector> {
  const before = years.filter(({ year }) => year < settings.firstYear)
  const { basis, contexts } = fitOn(before, settings)
  const vocabulary = { rows: numbered([...new Set(followed)].sort()), contexts }
  const counts = emptyCounts(vocabulary)
  for (const { year, texts } of years) {
    fade(counts, settings.fading)
    const used = new Set<string>()
    for (const words of texts.map(tokenize)) {
      addText(counts, vocabulary, words, settings.window)
      for (const word of words) used.add(word)
    }
    if (year >= settings.firstYear) yield* vectorsOf(year, used, counts, vocabulary, basis, settings)
  }
}

function* vectorsOf(year: number, used: Set<string>, counts: Counts, { rows }: Vocabulary, basis: Basis, settings: Settings): Generator<WordVector> {
  const shares = contextShares(counts)
  for (const [word, row] of rows) {
    if (!used.has(word) || counts.occurrences[row]! < settings.occurrencesMin) continue
    yield { word, year, vector: project(basis, ppmiRow(counts, row, shares)) }
  }
}

/** Contexts and basis from all words of the given years, every year with the same weight. */
function fitOn(years: readonly Year[], settings: Settings): { basis: Basis; contexts: ReadonlyMap<string, number> } {
  const texts = years.flatMap((year) => year.texts.map(tokenize))
  const frequent = byFrequency(texts)
  const contexts = numbered(frequent.slice(0, settings.contexts).map(([word]) => word))
  const rows = numbered(frequent.filter(([, occurrences]) => occurrences >= settings.basisOccurrencesMin).map(([word]) => word))
  const counts = emptyCounts({ rows, contexts })
  for (const words of texts) addText(counts, { rows, contexts }, words, settings.window)
  const shares = contextShares(counts)
  const basis = fitBasis(
    [...rows.values()].map((row) => ppmiRow(counts, row, shares)),
    settings.dimension,
  )
  return { basis, contexts }
}

/** Most frequent first; equals in the order of their letters. */
function byFrequency(texts: readonly (readonly string[])[]): [string, number][] {
  const occurrences = new Map<string, number>()
  for (const words of texts) for (const word of words) occurrences.set(word, (occurrences.get(word) ?? 0) + 1)
  return [...occurrences].sort(([a, na], [b, nb]) => nb - na || (a < b ? -1 : 1))
}

function numbered(words: readonly string[]): Map<string, number> {
  return new Map(words.map((word, i) => [word, i]))
}

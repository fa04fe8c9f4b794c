import { distance } from 'fastest-levenshtein'

/** Longer names are not compared: the cost grows with the product of both lengths. */
const LENGTH_MAX = 128
const KNOWN_MAX = 10_000
const COUNT_MAX = 3

/**
 * What may have been meant by a name that nothing bears: the known names nearest to it, best first.
 *
 * Case does not count, so that `modelPath` finds `model_path`.
 */
export function suggest(name: string, known: readonly string[]): string[] {
  if (name.length > LENGTH_MAX) return []
  const wanted = name.toLowerCase()
  const editsMax = Math.max(1, Math.floor(name.length * 0.4))
  return known
    .slice(0, KNOWN_MAX)
    .filter((candidate) => Math.abs(candidate.length - name.length) <= editsMax)
    .map((candidate) => ({ candidate, edits: editsBetween(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= editsMax && edits < Math.max(candidate.length, name.length))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, COUNT_MAX)
    .map(({ candidate }) => candidate)
}

/** Letters to insert, remove or replace; two that are swapped count as one. */
function editsBetween(a: string, b: string): number {
  const edits = distance(a, b)
  return edits === 2 && a.length === b.length && sorted(a) === sorted(b) ? 1 : edits
}

function sorted(word: string): string {
  return [...word].sort().join('')
}

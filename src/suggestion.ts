import { distance } from 'fastest-levenshtein'

/** How many names are compared at most: a did-you-mean may not become the slow part of an error. */
const KNOWN_MAX = 10_000
const SUGGESTIONS_MAX = 3

/**
 * What may have been meant by a name that nothing bears: the known names within a third of its letters, nearest first.
 *
 * Case does not count, so `modelPath` finds `model_path`.
 */
export function suggest(name: string, known: Iterable<string>): string[] {
  const wanted = name.toLowerCase()
  if (wanted.length > 128) return []
  const distanceMax = Math.max(1, Math.floor(wanted.length / 3))
  const near: { candidate: string; edits: number }[] = []
  let compared = 0
  for (const candidate of known) {
    if (++compared > KNOWN_MAX) break
    if (Math.abs(candidate.length - wanted.length) > distanceMax) continue
    const edits = distance(wanted, candidate.toLowerCase())
    if (edits <= distanceMax && edits < candidate.length) near.push({ candidate, edits })
  }
  return near
    .sort((a, b) => a.edits - b.edits)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ candidate }) => candidate)
}

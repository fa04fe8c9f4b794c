import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** An observation, as `collection.insert` takes it. */
export interface WordObservation {
  readonly entity: string
  /** The end of the year that the vector knows: 31 December, midnight UTC, epoch milliseconds. */
  readonly timestamp: number
  /** [32] */
  readonly vector: Float32Array
}

const DATA = new URL('./data/words.csv.gz', import.meta.url)

/** Reads `data/words.csv.gz`: by word, then by year. */
export function readWords(file: URL | string = DATA): WordObservation[] {
  const [, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const [entity, date, ...numbers] = line.split(',')
    return { entity: entity!, timestamp: Date.parse(date!), vector: Float32Array.from(numbers, Number) }
  })
}

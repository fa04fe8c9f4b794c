import { expect, test } from 'vitest'
import { parse } from '../../src/engine/syntax/parse.js'
import { print } from '../../src/engine/syntax/print.js'
import { LanguageFuzzer } from '../support/fuzz-language.js'
import { seedOfRun } from '../support/random.js'

const TEXTS = Number(process.env['FUZZ_TEXTS'] ?? 200_000)
const seed = seedOfRun()

test(`${TEXTS} texts are read, or refused inside of themselves, each within 50 ms (seed ${seed})`, () => {
  const fuzzer = new LanguageFuzzer({ parse, print }, seed)
  while (fuzzer.counts.texts < TEXTS) fuzzer.round()
  expect(fuzzer.counts.refused).toBeGreaterThan(TEXTS / 3)
  expect(fuzzer.counts.refused).toBeLessThan(TEXTS * 0.85)
}, 600_000)

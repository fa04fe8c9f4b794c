#!/usr/bin/env node
// Fuzzes the built query language until it is stopped or has found something: `scripts/node scripts/fuzz-language.mjs [seed]`.
// `npm run build` first. What it finds is told with its text, and found again with the same seed; tests/engine/fuzz.test.ts does the first 200,000 texts.
import { setImmediate } from 'node:timers/promises'
import { parse } from '../dist/src/engine/syntax/parse.js'
import { print } from '../dist/src/engine/syntax/print.js'
import { LanguageFuzzer } from '../tests/support/fuzz-language.ts'

const ROUNDS_A_SEED = 25_000

let isStopped = false
process.once('SIGINT', () => {
  isStopped = true
})
let texts = 0
for (let seed = Number(process.argv[2] ?? Date.now() % 2 ** 31); !isStopped; seed++) {
  const fuzzer = new LanguageFuzzer({ parse, print }, seed)
  const before = process.cpuUsage()
  try {
    for (let round = 0; round < ROUNDS_A_SEED && !isStopped; round++) {
      fuzzer.round()
      if (round % 256 === 0) await setImmediate()
    }
  } catch (error) {
    console.error(`seed ${seed}, after ${fuzzer.counts.texts} texts:`, error)
    process.exit(1)
  }
  texts += fuzzer.counts.texts
  const { user, system } = process.cpuUsage(before)
  const { refused, slowestMs } = fuzzer.counts
  console.log(
    `seed ${seed}: ${refused} of ${fuzzer.counts.texts} refused, slowest ${slowestMs.toFixed(1)} ms, ${((user + system) / 1e6).toFixed(1)} s; ${texts} in all`,
  )
}

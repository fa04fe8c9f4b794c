import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../scripts/setup/dist.mjs'
import { ROOT } from './support/documents.js'

/** A figure may differ in its last place from one libtorch to the next. */
const ROUNDING = 0.0015

beforeAll(() => {
  if (!distIsCurrent()) buildDist()
}, 300_000)

/** What `npm run demo` prints after its set-up. */
function runDemo(environment: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-demo-'))
  try {
    const demo = join(ROOT, 'examples/sotu/demo.ts')
    const { status, stdout, stderr } = spawnSync(join(ROOT, 'scripts', 'node'), [demo, folder], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    return stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The rows `years ahead, cases, errors...` of the last table. */
function accuracyOf(printed: string): number[][] {
  const table = printed.slice(printed.indexOf('years ahead'))
  return [...table.matchAll(/^ +(\d+) +(\d+)((?: +\d+\.\d+)+)$/gm)].map(([, years, cases, errors]) =>
    [years, cases, ...errors!.trim().split(/ +/)].map(Number),
  )
}

function accuracyOfReadme(): number[][] {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const table = text.slice(text.indexOf('| years ahead |')).split('\n\n')[0]!
  return table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').slice(1, -1).map(Number))
}

describe('without libtorch', () => {
  let printed: string
  beforeAll(() => {
    printed = runDemo({ CHRONODE_NATIVE: 'off' })
  }, 300_000)

  test('the demo answers by the line, says why and what to do', () => {
    expect(printed).toMatch(/energy +2030-12-31 +linear +2 +native_unavailable/)
    expect(printed).toContain('The model did not answer (native_unavailable)')
    expect(printed).toContain('Unset the environment variable CHRONODE_NATIVE')
  })

  test('AS OF tells what was known then', () => {
    expect(printed).toMatch(/1960 +atomic 0\.\d\d/)
    expect(printed).toMatch(/energy +1968-12-31 /)
    expect(printed).not.toMatch(/^ +climate +\d/m)
  })

  test('NEAREST tells who was near, and PREDICTED AT who will be', () => {
    expect(printed).toContain("> NEAREST 5 TO ENTITY 'energy' AS OF '1960-12-31' FROM words")
    const rows = [...printed.matchAll(/^ +([1-5]) +(\w+) +(0\.\d\d) +linear +native_unavailable +\[/gm)]
    expect(rows.map(([, rank]) => Number(rank))).toEqual([1, 2, 3, 4, 5])
    const likenesses = rows.map(([, , , likeness]) => Number(likeness))
    expect(likenesses).toEqual(likenesses.toSorted((a, b) => b - a))
    expect(rows.map(([, , word]) => word)).not.toContain('energy')
    expect(printed).toMatch(/Of 538 words in \d+ ms, ranked by (wasm|scalar)/)
  })

  test('the README has the errors of last value and line that it prints', () => {
    const [rows, told] = [accuracyOf(printed), accuracyOfReadme()]
    expect(rows.map((row) => row[0])).toEqual([1, 5, 10])
    expect(told.map((row) => row.slice(0, 4))).toEqual(rows)
  })
})

const withLibtorch = existsSync(join(ROOT, 'build/native/chronode_torch.node')) || process.env['CHRONODE_REQUIRE_NATIVE'] === '1'

describe.skipIf(!withLibtorch)('with libtorch (which "npm run setup" builds)', () => {
  let printed: string
  beforeAll(() => {
    printed = runDemo({})
  }, 300_000)

  test('the model answers, the line when the model is moved away, the model when it is back', () => {
    expect(printed).toMatch(/moved away +energy +2030-12-31 +linear +2 +model_missing/)
    expect(printed).toMatch(/put back +energy +2030-12-31 +neural_ode +words\.pt +\d+ +\[/)
  })

  test('the model says who will be near', () => {
    expect(printed).toMatch(/^ +1 +\w+ +0\.\d\d +neural_ode +\[/m)
  })

  test('EXPLAIN names the model and its sha256', () => {
    expect(printed).toMatch(/neural_ode +asked for, .*model words\.pt, sha256 [0-9a-f]{64}, on (cpu|cuda)/)
  })

  test('the README has the errors that it prints', () => {
    const [rows, told] = [accuracyOf(printed), accuracyOfReadme()]
    expect(told.map((row) => row.slice(0, 2))).toEqual(rows.map((row) => row.slice(0, 2)))
    for (const [i, row] of rows.entries()) {
      for (const [k, error] of row.entries()) expect(Math.abs(told[i]![k]! - error)).toBeLessThan(ROUNDING)
    }
  })
})

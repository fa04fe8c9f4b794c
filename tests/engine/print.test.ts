import { describe, expect, test } from 'vitest'
import { parse } from '../../src/engine/parse.js'
import { print } from '../../src/engine/print.js'
import { Random, seedOfRun } from '../support/random.js'
import { StatementGenerator } from '../support/random-statement.js'
import { Scribbler } from '../support/scribble.js'

/** A tree without its places, as text: comparing thousands of trees by `toEqual` takes seconds. */
function shapeOf(node: unknown): string {
  return JSON.stringify(node, (key, value: unknown) => (key === 'start' || key === 'end' ? undefined : value), 1)
}

/** Each node lies inside of the one that holds it. */
function expectNested(node: unknown, start: number, end: number): void {
  if (typeof node !== 'object' || node === null) return
  const span = 'start' in node && 'end' in node ? (node as { start: number; end: number }) : { start, end }
  if (!(start <= span.start && span.start < span.end && span.end <= end)) throw new Error(`${JSON.stringify(node)} is not inside of ${start}..${end}`)
  for (const value of Object.values(node)) expectNested(value, span.start, span.end)
}

describe('statements of the whole grammar', () => {
  const seed = seedOfRun()
  const random = new Random(seed)
  const generator = new StatementGenerator(random)
  const scribbler = new Scribbler(random)
  const statements = Array.from({ length: Number(process.env['STATEMENTS'] ?? 4000) }, () => generator.statement())

  test(`are parsed from the worst handwriting (seed ${seed})`, () => {
    for (const statement of statements) {
      const text = scribbler.write(statement)
      const parsed = parse(text)
      if (shapeOf(parsed) !== shapeOf(statement)) expect(shapeOf(parsed), text).toBe(shapeOf(statement))
      expectNested(parsed, 0, text.length)
    }
  })

  test(`are printed and parsed back to themselves (seed ${seed})`, () => {
    for (const statement of statements) {
      const text = print(statement)
      const parsed = parse(text)
      if (shapeOf(parsed) !== shapeOf(statement)) expect(shapeOf(parsed), text).toBe(shapeOf(statement))
      if (print(parsed) !== text) expect(print(parsed)).toBe(text)
    }
  })
})

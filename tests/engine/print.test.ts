import { describe, expect, test } from 'vitest'
import { parse } from '../../src/engine/syntax/parse.js'
import { print } from '../../src/engine/syntax/print.js'
import { Random, seedOfRun } from '../support/random.js'
import { StatementGenerator } from '../support/random-statement.js'
import { Scribbler } from '../support/scribble.js'
import { shapeOf } from '../support/statement-shape.js'

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

describe('canonical text', () => {
  test.each([
    ["predict * at '2030' for each entity", "PREDICT * AT '2030' FOR EACH ENTITY"],
    [
      "PREDICT vector AS v, model AT ('2030', $1, now() - 10d) LIMIT 5 OFFSET $2 ORDER BY entity ASC, horizon_ms DESC WITH (fallback = 'last') USING neural_ode, linear CONTEXT UNTIL LATEST LAST 64 WHERE attributes.topic = 'x' FOR ENTITIES $3 FROM words;",
      "PREDICT vector AS v, model AT ('2030', $1, now() - 10d) FROM words FOR ENTITIES $3 WHERE attributes.topic = 'x' CONTEXT LAST 64 UNTIL LATEST USING neural_ode, linear WITH (fallback = 'last') ORDER BY entity, horizon_ms DESC LIMIT 5 OFFSET $2",
    ],
    [
      "predict vector at from '2030' to '2040' step interval '1 month' for entity :id",
      "PREDICT vector AT FROM '2030' TO '2040' STEP INTERVAL '1 month' FOR ENTITY :id",
    ],
    ["predict vector at between 0 and 1e3 step 1.5H for entity ''", "PREDICT vector AT BETWEEN 0 AND 1000 STEP 1.5h FOR ENTITY ''"],
    ["predict vector at horizon $1 step $2 for entities ('a','b')", "PREDICT vector AT HORIZON $1 STEP $2 FOR ENTITIES ('a', 'b')"],
    [
      "select vector as \"of\" limit 1 between '1990' and '2000' where a = 1",
      "SELECT vector AS \"of\" BETWEEN '1990' AND '2000' WHERE a = 1 LIMIT 1",
    ],
    ['select (a between 1 and 2) order by (a between 1 and 2) desc', 'SELECT (a BETWEEN 1 AND 2) ORDER BY (a BETWEEN 1 AND 2) DESC'],
    ['explain analyze select count(*), -(5), -(-x), - -5', 'EXPLAIN ANALYZE SELECT count(*), -(5), -(-x), -(-5)'],
    ['select * where (a or b) and not (c and d) or (e = f) = true', 'SELECT * WHERE (a OR b) AND NOT (c AND d) OR (e = f) = TRUE'],
    ['select * where a - (b - c) - d * (e / f) != null', 'SELECT * WHERE a - (b - c) - d * (e / f) <> NULL'],
    ['select payload."order by".x, "FROM", "from"() FROM "order"', 'SELECT payload."order by".x, "FROM", "from"() FROM "order"'],
    ['show models from words', 'SHOW MODELS FROM words'],
    ['describe entity $1 from words', 'DESCRIBE ENTITY $1 FROM words'],
  ])('%s', (text, canonical) => {
    expect(print(parse(text))).toBe(canonical)
  })
})

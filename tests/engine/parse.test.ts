import { describe, expect, test } from 'vitest'
import { parse } from '../../src/engine/syntax/parse.js'
import type { Expression, Predict, Select } from '../../src/engine/syntax/statement.js'
import { shapeOf } from '../support/statement-shape.js'

function predict(text: string): Predict {
  const statement = parse(text)
  if (statement.kind !== 'predict') throw new Error(`${text} is no PREDICT`)
  return statement
}

function select(text: string): Select {
  const statement = parse(text)
  if (statement.kind !== 'select') throw new Error(`${text} is no SELECT`)
  return statement
}

function where(text: string): Expression {
  return select(`SELECT * WHERE ${text}`).where!
}

function expectSame(one: string, other: string): void {
  expect(shapeOf(parse(one))).toBe(shapeOf(parse(other)))
}

describe('the promises of the design', () => {
  test.each([
    "PREDICT vector AT '2030-12-31' FOR ENTITY 'climate'",
    "PREDICT vector AT now() + INTERVAL '7 days' FROM words FOR ENTITY $1 USING neural_ode, linear",
    "PREDICT vector AT HORIZON 10 STEP INTERVAL '1 year' FOR EACH ENTITY FROM words WHERE attributes.topic = 'environment'",
    "PREDICT vector AT $2 FOR ENTITY $1 CONTEXT UNTIL $3 WITH (fallback = 'error')",
    "SELECT timestamp, vector FROM words FOR ENTITY 'climate' BETWEEN '1990-01-01' AND '2000-01-01'",
    "SELECT entity, vector FROM words AS OF '1960-12-31' WHERE entity IN ('climate', 'change')",
    "EXPLAIN ANALYZE PREDICT vector AT '2030-12-31' FOR ENTITY 'climate'",
  ])('%s', (text) => {
    expect(parse(text)).toMatchObject({ start: 0, end: text.length })
  })
})

test('a whole tree', () => {
  expect(parse("PREDICT vector AT now() + 7d FOR ENTITY 'climate';")).toEqual({
    kind: 'predict',
    start: 0,
    end: 49,
    items: {
      kind: 'items',
      start: 8,
      end: 14,
      list: [{ kind: 'item', start: 8, end: 14, name: { kind: 'identifier', start: 8, end: 14, name: 'vector' }, alias: undefined }],
    },
    times: {
      kind: 'times',
      start: 18,
      end: 28,
      parenthesised: false,
      list: [
        {
          kind: 'time',
          start: 18,
          end: 28,
          base: { kind: 'now', start: 18, end: 23 },
          shifts: [
            {
              kind: 'shift',
              start: 24,
              end: 28,
              sign: 1,
              by: { kind: 'interval', start: 26, end: 28, worded: false, value: { kind: 'duration', start: 26, end: 28, amount: 7, unit: 'd' } },
            },
          ],
        },
      ],
    },
    entities: {
      kind: 'entities',
      start: 29,
      end: 49,
      quantity: 'one',
      lone: false,
      values: [{ kind: 'text', start: 40, end: 49, value: 'climate' }],
    },
    source: undefined,
    where: undefined,
    context: undefined,
    using: undefined,
    options: [],
    order: [],
    limit: undefined,
  })
})

describe('expressions', () => {
  test.each([
    ['a OR b AND c', 'a OR (b AND c)'],
    ['a OR b OR c', '(a OR b) OR c'],
    ['NOT a AND b', '(NOT a) AND b'],
    ['NOT a = b', 'NOT (a = b)'],
    ['NOT NOT a', 'NOT (NOT a)'],
    ['a = b AND c <> d', '(a = b) AND (c <> d)'],
    ['a + b * c - d / e', '(a + (b * c)) - (d / e)'],
    ['a - b - c', '(a - b) - c'],
    ['-a * b', '(-a) * b'],
    ['a < b + c', 'a < (b + c)'],
    ['a IN (1, 2) AND b', '(a IN (1, 2)) AND b'],
    ['a BETWEEN b AND c AND d', '(a BETWEEN b AND c) AND d'],
    ['a BETWEEN b + 1 AND c * 2 OR d', '(a BETWEEN (b + 1) AND (c * 2)) OR d'],
    ['NOT a IS NOT NULL', 'NOT (a IS NOT NULL)'],
    ["a NOT LIKE 'x' OR b", "(a NOT LIKE 'x') OR b"],
    ['a != b', 'a <> b'],
  ])('%s means %s', (bare, grouped) => {
    expectSame(`SELECT * WHERE ${bare}`, `SELECT * WHERE ${grouped}`)
  })

  test('a minus directly before a number belongs to it', () => {
    expect(where('a = -5')).toMatchObject({ right: { kind: 'number', value: -5 } })
    expect(where('a = - 5')).toMatchObject({ right: { kind: 'number', value: -5 } })
    expect(where('a = +5')).toMatchObject({ right: { kind: 'number', value: 5 } })
    expect(where('a = -10d')).toMatchObject({ right: { kind: 'interval', value: { amount: -10, unit: 'd' } } })
    expect(where('a = -(5)')).toMatchObject({ right: { kind: 'unary', operator: '-', operand: { value: 5 } } })
    expect(where('a -5')).toMatchObject({ kind: 'binary', operator: '-', right: { value: 5 } })
  })

  test('there is one zero', () => {
    expect(where('-0')).toMatchObject({ value: 0 })
    expect(Object.is((where('-0') as { value: number }).value, 0)).toBe(true)
  })

  test.each([
    ['1700000000000', 1700000000000],
    ['0.25', 0.25],
    ['.25', 0.25],
    ['25.', 25],
    ['1e3', 1000],
    ['1.5E-3', 0.0015],
    ['2e+2', 200],
    ['007', 7],
  ])('the number %s', (text, value) => {
    expect(where(text)).toMatchObject({ kind: 'number', value })
  })

  test('paths', () => {
    expect(where('payload.a."b c".from')).toMatchObject({ kind: 'path', root: 'payload', names: ['a', 'b c', 'from'] })
    expect(where('ATTRIBUTES')).toMatchObject({ kind: 'path', root: 'attributes', names: [] })
    expect(where('"payload".x')).toMatchObject({ kind: 'path', root: 'payload', names: ['x'] })
  })

  test('calls', () => {
    expect(where('norm(vector) > distance(vector, [1, -2.5])')).toMatchObject({
      left: { kind: 'call', name: { name: 'norm' }, star: false, arguments: [{ kind: 'column-reference', name: 'vector' }] },
      right: { arguments: [{}, { kind: 'vector', values: [1, -2.5] }] },
    })
    expect(where('count(*)')).toMatchObject({ kind: 'call', star: true, arguments: [] })
    expect(where('f()')).toMatchObject({ kind: 'call', star: false, arguments: [] })
    expect(where('now()')).toMatchObject({ kind: 'now' })
    expect(where('now = 1')).toMatchObject({ left: { kind: 'column-reference', name: 'now' } })
  })

  test('a lone parameter after IN holds the list, one in parentheses is an item', () => {
    expect(where('a IN $1')).toMatchObject({ kind: 'in', lone: true, list: [{ key: 1 }] })
    expect(where('a NOT IN (:list)')).toMatchObject({ kind: 'in', lone: false, negated: true, list: [{ key: 'list' }] })
  })

  test('text, names and comments', () => {
    expect(where(`a = 'it''s -- no comment'`)).toMatchObject({ right: { kind: 'text', value: "it's -- no comment" } })
    expect(where(`"a ""b""" = ''`)).toMatchObject({ left: { name: 'a "b"' }, right: { value: '' } })
    expectSame('SELECT/**/a--x\n,b/* y\n */FROM words', 'SELECT a, b FROM words')
    expectSame('\ufeffSELECT\u00a0a', 'SELECT a')
    expect(where('a - - 5')).toMatchObject({ operator: '-', right: { value: -5 } })
  })

  test('parentheses belong to the place of what they are part of', () => {
    const text = 'SELECT * WHERE (a OR b) AND c'
    const { start, end } = select(text).where!
    expect(text.slice(start, end)).toBe('(a OR b) AND c')
  })
})

describe('BETWEEN', () => {
  const range = { kind: 'range', between: { from: { base: { value: '1990' } }, to: { base: { value: '2000' } } } }

  test('behind an operand of WHERE is a test', () => {
    expect(select("SELECT * WHERE payload.a BETWEEN '1990' AND '2000'")).toMatchObject({ range: undefined, where: { kind: 'between' } })
  })

  test('behind a finished comparison is the range clause', () => {
    expect(select("SELECT * WHERE a = 1 BETWEEN '1990' AND '2000'")).toMatchObject({ range, where: { kind: 'binary' } })
    expect(select("SELECT * WHERE a IS NULL BETWEEN '1990' AND '2000'")).toMatchObject({ range, where: { kind: 'null-test' } })
    expect(select("SELECT * WHERE a BETWEEN 1 AND 2 BETWEEN '1990' AND '2000'")).toMatchObject({ range, where: { kind: 'between' } })
  })

  test('behind a condition in parentheses is the range clause: true and false have no order', () => {
    expect(select("SELECT * WHERE (a OR b) BETWEEN '1990' AND '2000'")).toMatchObject({ range, where: { operator: 'or' } })
  })

  test('behind a column or a key of ORDER BY is the range clause', () => {
    expect(select("SELECT timestamp, vector BETWEEN '1990' AND '2000'")).toMatchObject({
      range,
      columns: { list: [{}, { expression: { name: 'vector' } }] },
    })
    expect(select("SELECT * ORDER BY timestamp BETWEEN '1990' AND '2000' LIMIT 1")).toMatchObject({ range, order: [{}], limit: {} })
  })

  test('in parentheses, or after NOT, is a test there, too', () => {
    expect(select('SELECT (a BETWEEN 1 AND 2) AS inside')).toMatchObject({
      range: undefined,
      columns: { list: [{ expression: { kind: 'between' } }] },
    })
    expect(select('SELECT a NOT BETWEEN 1 AND 2')).toMatchObject({ range: undefined, columns: { list: [{ expression: { negated: true } }] } })
    expect(select('SELECT f(a BETWEEN 1 AND 2)')).toMatchObject({ range: undefined })
  })
})

describe('keywords', () => {
  test('have any case', () => {
    expectSame(
      "pReDiCt vector at LATEST For Each entity USING model 'm' with (a = NULL)",
      "PREDICT vector AT latest FOR EACH ENTITY using MODEL 'm' WITH (a = null)",
    )
  })

  test.each(['at', 'entity', 'step', 'last', 'order', 'limit', 'from', 'for', 'select', 'model', 'null', 'now', 'of', 'as', 'between'])(
    'a collection may be called %s where nothing else can be meant',
    (name) => {
      expect(select(`SELECT * FROM ${name}`)).toMatchObject({ source: { name } })
      expect(select(`SELECT * FROM ${name} WHERE a`)).toMatchObject({ source: { name } })
      expect(predict(`PREDICT * AT 0 FROM ${name} FOR EACH ENTITY`)).toMatchObject({ source: { name } })
      expect(select(`SELECT * FROM "${name}" ORDER BY a`)).toMatchObject({ source: { name } })
    },
  )

  test('columns of a prediction may be called like keywords', () => {
    const { items } = predict('PREDICT model, at AS order, at AT 0 FOR EACH ENTITY')
    expect(items.list).toMatchObject([{ name: { name: 'model' } }, { name: { name: 'at' }, alias: { name: 'order' } }, { name: { name: 'at' } }])
  })

  test('AS OF is always the clause', () => {
    expect(select('SELECT vector AS OF 0')).toMatchObject({ asOf: { base: { value: 0 } }, columns: { list: [{ alias: undefined }] } })
    expect(select('SELECT vector AS "of"')).toMatchObject({ asOf: undefined, columns: { list: [{ alias: { name: 'of' } }] } })
    expect(select('SELECT vector AS v AS OF LATEST')).toMatchObject({
      asOf: { base: { kind: 'latest' } },
      columns: { list: [{ alias: { name: 'v' } }] },
    })
  })

  test('MODEL after USING is the keyword, and a name in quotes', () => {
    expect(predict("PREDICT * AT 0 FOR EACH ENTITY USING MODEL 'v2'").using).toMatchObject({ kind: 'using-model', model: { value: 'v2' } })
    expect(predict('PREDICT * AT 0 FOR EACH ENTITY USING "model", last').using).toMatchObject({ methods: [{ name: 'model' }, { name: 'last' }] })
  })
})

describe('clauses', () => {
  test('stand in any order', () => {
    expectSame(
      "PREDICT * AT 0 LIMIT 5 WITH (a = 1) USING linear CONTEXT LAST 5 SINCE 0 ORDER BY entity WHERE a FROM words FOR ENTITY 'a'",
      "PREDICT * AT 0 FOR ENTITY 'a' FROM words WHERE a ORDER BY entity CONTEXT SINCE 0 LAST 5 USING linear WITH (a = 1) LIMIT 5",
    )
    expectSame(
      "SELECT * LIMIT 5 UNTIL 9 LAST 5 AS OF 0 WHERE a = 1 FROM w FOR ENTITY 'a'",
      "SELECT * FOR ENTITY 'a' FROM w WHERE a = 1 AS OF 0 LAST 5 UNTIL 9 LIMIT 5",
    )
  })

  test('times of a prediction', () => {
    expect(predict("PREDICT * AT ('2030', $1) FOR EACH ENTITY").times).toMatchObject({ kind: 'times', parenthesised: true, list: [{}, {}] })
    expect(predict('PREDICT * AT FROM 0 TO 10 STEP 1s FROM w FOR EACH ENTITY')).toMatchObject({
      times: { kind: 'grid', endIncluded: false },
      source: { name: 'w' },
    })
    expect(predict('PREDICT * AT BETWEEN FIRST AND LATEST + $1 STEP $2 FOR EACH ENTITY').times).toMatchObject({
      kind: 'grid',
      endIncluded: true,
      from: { base: { kind: 'first' } },
      to: { base: { kind: 'latest' }, shifts: [{ sign: 1, by: { value: { key: 1 }, worded: false } }] },
      step: { value: { key: 2 }, worded: false },
    })
    expect(predict("PREDICT * AT HORIZON 3 STEP INTERVAL '1 month' FOR EACH ENTITY").times).toMatchObject({
      kind: 'horizon',
      count: { value: 3 },
      step: { worded: true },
    })
  })

  test('LAST takes a count, a span or a parameter', () => {
    expect(select('SELECT * LAST 5').range).toMatchObject({ last: { kind: 'number', value: 5 } })
    expect(select('SELECT * LAST 5d').range).toMatchObject({ last: { kind: 'interval', value: { amount: 5, unit: 'd' } } })
    expect(select("SELECT * LAST INTERVAL '1 month'").range).toMatchObject({ last: { kind: 'interval', worded: true } })
    expect(select('SELECT * LAST $1').range).toMatchObject({ last: { kind: 'parameter', key: 1 } })
  })

  test('entities', () => {
    expect(select('SELECT * FOR ENTITIES $1').entities).toMatchObject({ quantity: 'list', lone: true, values: [{ key: 1 }] })
    expect(select("SELECT * FOR ENTITIES ('a', :b)").entities).toMatchObject({
      quantity: 'list',
      lone: false,
      values: [{ value: 'a' }, { key: 'b' }],
    })
    expect(select('SELECT * FOR EACH ENTITY').entities).toMatchObject({ quantity: 'each', values: [] })
  })

  test('an option is a value, or a time where it is no plain value', () => {
    const { options } = predict('PREDICT * AT 0 FOR EACH ENTITY WITH (a = \'x\', b = -1.5, c = TRUE, d = now() - 1d, e = latest, "f g" = $1)')
    expect(options.map(({ name, value }) => [name.name, value.kind])).toEqual([
      ['a', 'text'],
      ['b', 'number'],
      ['c', 'boolean'],
      ['d', 'time'],
      ['e', 'time'],
      ['f g', 'parameter'],
    ])
  })

  test('SHOW, DESCRIBE and EXPLAIN', () => {
    expect(parse('SHOW settings')).toMatchObject({ kind: 'show', what: 'settings', source: undefined })
    expect(parse('SHOW MODELS FROM words;')).toMatchObject({ what: 'models', source: { name: 'words' } })
    expect(parse('DESCRIBE COLLECTION words')).toMatchObject({ what: 'collection', name: { kind: 'identifier', name: 'words' } })
    expect(parse("DESCRIBE ENTITY 'climate' FROM words")).toMatchObject({ what: 'entity', name: { kind: 'text' }, source: { name: 'words' } })
    expect(parse('DESCRIBE MODEL $1')).toMatchObject({ what: 'model', name: { kind: 'parameter', key: 1 } })
    expect(parse('EXPLAIN SHOW MODELS')).toMatchObject({ kind: 'explain', analyze: false, query: { kind: 'show' } })
  })
})

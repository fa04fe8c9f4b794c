import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { K_MAX } from '../../src/engine/bind/bind-nearest.js'
import { PREDICT_COLUMNS } from '../../src/engine/bind/bind-predict.js'
import { NEAREST_COLUMNS } from '../../src/engine/bind/bind-return.js'
import { STEPS_MAX } from '../../src/engine/bind/grid.js'
import { CANDIDATES_MAX } from '../../src/engine/nearest/predicted-limit.js'
import { MAX_ROWS } from '../../src/engine/query.js'
import { LIST_LENGTH_MAX, NESTING_MAX, OPERATOR_COUNT_MAX } from '../../src/engine/syntax/cursor.js'
import { keywordOf } from '../../src/engine/syntax/keyword.js'
import { TEXT_LENGTH_MAX, TOKEN_COUNT_MAX } from '../../src/engine/syntax/tokenize.js'
import { REFUSAL_REASONS } from '../../src/prediction.js'
import { ROOT } from '../support/documents.js'

const page = readFileSync(join(ROOT, 'docs/language.md'), 'utf8')
const grammar = /^```ebnf\n(.*?)^```/ms.exec(page)![1]!.replace(/\(\*.*?\*\)/g, '')

/** The first cells of the table behind a heading, without their quotes. */
function firstCells(header: string): string[] {
  const table = page.slice(page.indexOf(`| ${header} |`)).split('\n\n')[0]!
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell]) => cell!)
}

test('docs/language.md has the columns of PREDICT in their order', () => {
  expect(firstCells('column | meaning')).toEqual(Object.keys(PREDICT_COLUMNS))
})

test('docs/language.md has the columns of NEAREST', () => {
  const columns = new Set([...Object.keys(NEAREST_COLUMNS.stored), ...Object.keys(NEAREST_COLUMNS.predicted)])
  expect(firstCells('column of NEAREST | meaning').sort()).toEqual([...columns].sort())
})

test('docs/language.md has every reason of a refusal', () => {
  expect(firstCells('fallback_reason | when')).toEqual([...REFUSAL_REASONS])
})

test('docs/language.md has the limits of the parser', () => {
  const table = page.slice(page.indexOf('| limit | at most |')).split('\n\n')[0]!
  const numbers = [...table.matchAll(/^\| [^|]+ \| ([\d,]+)/gm)].map(([, number]) => Number(number!.replaceAll(',', '')))
  expect(numbers).toEqual([
    TEXT_LENGTH_MAX,
    TOKEN_COUNT_MAX,
    LIST_LENGTH_MAX,
    NESTING_MAX,
    OPERATOR_COUNT_MAX,
    STEPS_MAX,
    MAX_ROWS,
    CANDIDATES_MAX,
    K_MAX,
  ])
})

test('every word of the grammar is a keyword', () => {
  const words = [...grammar.matchAll(/"([A-Z]{2,}|now|payload|attributes)"/g)].map(([, word]) => word!)
  expect(words.length).toBeGreaterThan(60)
  expect(words.filter((word) => keywordOf(word) === undefined)).toEqual([])
})

test('every production of the grammar is there, and leads somewhere', () => {
  const productions = [...grammar.matchAll(/^(\w+) *= (.*?) ; *$/gms)].map(([, name, rule]) => ({ name: name!, rule: rule! }))
  const names = new Set(productions.map(({ name }) => name))
  const used = new Set(productions.flatMap(({ rule }) => rule.replace(/"[^"]*"|'[^']*'/g, ' ').match(/[a-z]+/g) ?? []))
  const terminals = ['digits', 'word', 'character']
  expect([...used].filter((name) => !names.has(name) && !terminals.includes(name))).toEqual([])
  expect([...names].filter((name) => !used.has(name))).toEqual(['statement'])
})

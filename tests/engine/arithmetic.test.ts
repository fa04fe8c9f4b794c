import { describe, expect, test } from 'vitest'
import { answerTo, mistakeIn } from '../support/expression.js'

const DAY = 86_400_000
const at = (text: string): number => Date.parse(text)

describe('numbers', () => {
  test.each<[string, unknown]>([
    ['1 + 2 * 3 - 4 / 8', 6.5],
    ['(1 + 2) * 3', 9],
    ['7 / 2', 3.5],
    ['2 - 3 - 4', -5],
    ['- -5', 5],
    ['-(5)', -5],
    ['0 * -1', 0],
    ['-(0)', 0],
    ['1 / 0', null],
    ['0 / 0', null],
    ['1e308 * 10', null],
    ['9007199254740992 + 1', 9007199254740992],
    ['1 + NULL', null],
    ['NULL * NULL', null],
    ['payload.n + 1', 8],
    ['-payload.n', -7],
    ['payload.t + 1', null],
    ['payload.nothing * 2', null],
    ['payload.list + 1', null],
    ['payload.list.length + 1', null], // it has items, and no other members
    ['payload.yes + 1', null],
  ])('%s', async (expression, expected) => {
    expect(await answerTo(expression)).toBe(expected)
  })
})

describe('times and spans', () => {
  test.each<[string, unknown, unknown[]?]>([
    ['timestamp - timestamp', 0],
    ["timestamp - '2024-01-01'", 30 * DAY],
    ["'2024-02-01' - timestamp", DAY],
    ['timestamp + 1d', at('2024-02-01')],
    ['1d + timestamp', at('2024-02-01')],
    ["timestamp + INTERVAL '1 month'", at('2024-02-29')],
    ["timestamp - INTERVAL '2 months'", at('2023-11-30')],
    ["'2024-01-31' + INTERVAL '1 year'", at('2025-01-31')],
    ['timestamp + 2 * 1d', at('2024-02-02')],
    ["timestamp + INTERVAL '1 year' / 2", at('2024-07-31')],
    ['timestamp + (1d + 12h)', at('2024-02-01T12:00:00Z')],
    ["timestamp + (INTERVAL '1 month' - 1d)", at('2024-02-28')],
    ["timestamp + -INTERVAL '1 month'", at('2023-12-31')],
    ['timestamp + 1000', at('2024-01-31T00:00:01Z')],
    ['1000 + timestamp', at('2024-01-31T00:00:01Z')],
    ['timestamp - 1000', at('2024-01-30T23:59:59Z')],
    ['timestamp + payload.n', at('2024-01-31T00:00:00.007Z')],
    ['payload.day + 1d', at('2024-03-02')],
    ['timestamp - payload.day', -30 * DAY],
    ['payload.day - timestamp', 30 * DAY],
    ['payload.n + 1d', DAY + 7],
    ['payload.t + 1d', null],
    ['5 + 1s', 1005],
    ['payload.nothing - 1d', null],
    ['NULL + 1d', null],
    ["timestamp + INTERVAL '300000 years'", null],
    ['timestamp - $1', 30 * DAY, ['2024-01-01']],
    ['timestamp - $1', at('2024-01-29'), ['2 days']],
    ['timestamp + $1', at('2024-02-29'), ['1 month']],
    ['$1 - 1d', at('2024-01-30'), [new Date('2024-01-31')]],
    ['$1 - 1d', at('2024-01-30'), ['2024-01-31']],
    ['now() - now()', 0],
  ])('%s', async (expression, expected, values = []) => {
    expect(await answerTo(expression, values)).toBe(expected)
  })
})

describe('mistakes', () => {
  // biome-ignore format: the carets stand below what they mean
  test.each<[string, string, string, unknown[]?]>([
    ["entity + 1",
     '^^^^^^', '+ needs numbers here; this is a text.'],
    ["1 - 'x'",
     '    ^^^', '- needs numbers here; this is a text.'],
    ['vector * 2',
     '^^^^^^', '* needs numbers here; this is a vector.'],
    ['1 + (2 = 3)',
     '     ^^^^^', '+ needs numbers here; this is a condition.'],
    ['-entity',
     ' ^^^^^^', 'A number is needed here; this is a text.'],
    ['-timestamp',
     ' ^^^^^^^^^', 'A number is needed here; this is a time.'],
    ['timestamp + timestamp',
     '^^^^^^^^^^^^^^^^^^^^^', 'Two times can be subtracted, not added.'],
    ['timestamp * 2',
     '^^^^^^^^^^^^^', 'A time cannot be multiplied.'],
    ['timestamp / 2',
     '^^^^^^^^^^^^^', 'A time cannot be divided.'],
    ["timestamp - '7 days'",
     '            ^^^^^^^^', "- needs a span of time here; this is a text. Write INTERVAL '7 days'."],
    ["timestamp - 'x'",
     '            ^^^', "'x' is not a time. Expected epoch milliseconds, a Date, or ISO-8601 text such as '2030', '2030-12-31' or '2030-12-31T08:00:00Z'."],
    ['1d * 2d',
     '^^^^^^^', 'Two spans of time can be added and subtracted, not combined with *.'],
    ['timestamp + 1d * payload.n',
     '            ^^^^^^^^^^^^^^', 'A span of time is multiplied by a number that is known before any row is read, and its months stay whole.'],
    ["timestamp + INTERVAL '1 month' / 2",
     '            ^^^^^^^^^^^^^^^^^^^^^^', 'A span of time is multiplied by a number that is known before any row is read, and its months stay whole.'],
    ['1d - timestamp',
     '^^^^^^^^^^^^^^', 'A span of time minus a time means nothing. Swap them.'],
    ["5 + INTERVAL '1 month'",
     '    ^^^^^^^^^^^^^^^^^^', 'Months and years have no fixed length. Add them to a time, or write days.'],
    ['5 / 1d',
     '^^^^^^', 'A span of time cannot divide. Divide milliseconds: a time minus a time.'],
    ['1d',
     '^^', 'A column cannot hold a span of time. Add it to a time.'],
    ['$1',
     '^^', 'an object cannot stand in an expression.', [{ a: 1 }]],
    ['$1',
     '^^', 'Number 1 of this vector is 1e+39, beyond the range of float32; all must be finite.', [[1, 1e39]]],
    ['[1, 1e39]',
     '^^^^^^^^^', 'Number 1 of this vector is 1e+39, beyond the range of float32; all must be finite.'],
  ])('%s', async (expression, carets, message, values = []) => {
    expect(await mistakeIn(expression, values)).toEqual({ code: 'QUERY_TYPE', message, carets })
  })
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { beforeEachDriftDatabase } from './drift-database.js'
import { runCli } from './run-cli.js'

const place = beforeEachDriftDatabase()
const DRIFT = { name: 'drift', dimension: 2, metric: 'l2', normalized: false, entity_count: 2, observation_count: 3 }
const [FIRST, LAST] = [Date.UTC(2000, 0, 1), Date.UTC(2000, 0, 3, 12)]

describe('collections', () => {
  test('lists settings, counts and the time from the first to the last observation', async () => {
    expect(await runCli(['collections', '--database', place.database])).toEqual({
      code: 0,
      err: '',
      out: [
        'name   dimension  metric  normalized  entity_count  observation_count  first_timestamp  last_timestamp',
        'drift  2          l2      false       2             3                  2000-01-01       2000-01-03T12:00:00Z',
        'empty  3          cosine  true        0             0                  NULL             NULL',
        '2 rows',
        '',
      ].join('\n'),
    })
  })

  test('prints JSON, one collection a line', async () => {
    const { out } = await runCli(['collections', '--json', '--database', place.database])
    expect(JSON.parse(out)).toEqual([
      { ...DRIFT, first_timestamp: FIRST, last_timestamp: LAST },
      {
        name: 'empty',
        dimension: 3,
        metric: 'cosine',
        normalized: true,
        entity_count: 0,
        observation_count: 0,
        first_timestamp: null,
        last_timestamp: null,
      },
    ])
    expect(out.split('\n')).toHaveLength(5) // [, two collections, ], and the end
  })

  test('of a new database are none', async () => {
    const path = join(place.folder, 'new.db')
    await (await openDatabase({ storage: { path } })).close()
    expect((await runCli(['collections', '--database', path])).out).toBe('0 rows\n')
    expect(JSON.parse((await runCli(['collections', '--json', '--database', path])).out)).toEqual([])
  })

  test('of no database are an error, and no file', async () => {
    const path = join(place.folder, 'missing.db')
    const { code, err } = await runCli(['collections', '--database', path])
    expect(code).toBe(1)
    expect(err).toContain('STORAGE_UNREACHABLE')
    expect(existsSync(path)).toBe(false)
  })
})

describe('describe', () => {
  test('says of a collection what collections says, one property a line', async () => {
    const { out, code } = await runCli(['describe', 'drift', '--database', place.database])
    expect(code).toBe(0)
    expect(out).toMatch(/^property +value\nname +drift\ndimension +2\n/)
    expect(out).toMatch(/^last_timestamp +2000-01-03T12:00:00Z$/m)
    const { out: json } = await runCli(['describe', 'drift', '--json', '--database', place.database])
    expect(JSON.parse(json)).toEqual({ ...DRIFT, first_timestamp: FIRST, last_timestamp: LAST })
  })

  test('says of an entity what it has and its attributes', async () => {
    const { out } = await runCli(['describe', 'drift', '--entity', 'a', '--json', '--database', place.database])
    expect(JSON.parse(out)).toEqual({
      entity: 'a',
      collection: 'drift',
      observation_count: 3,
      first_timestamp: FIRST,
      last_timestamp: LAST,
      attributes: { topic: 'x' },
    })
    expect((await runCli(['describe', 'drift', '--entity', 'b', '--database', place.database])).out).toMatch(/^last_timestamp +NULL$/m)
  })

  test.each([
    [['describe', 'drifd'], "There is no collection 'drifd'. There are: drift, empty."],
    [['describe', 'drift', '--entity', 'zz'], 'There is no entity \'zz\' in collection "drift".'],
  ])('of what is not there, %j, is an error without a place in a statement', async (words, claim) => {
    const { code, err } = await runCli([...words, '--database', place.database])
    expect({ code, err }).toEqual({ code: 1, err: `error: ${claim}\n\nNOT_FOUND\n` })
  })
})

test.each([['collections'], ['describe'], ['verify'], ['salvage'], ['backup'], ['compact']])(
  '%s --help has examples and exit codes',
  async (name) => {
    const { code, out } = await runCli([name, '--help'])
    expect(code).toBe(0)
    expect(out).toContain(`Examples:\n  chronode ${name}`)
    expect(out).toMatch(/Exit code: 0 /)
  },
)

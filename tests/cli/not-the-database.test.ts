import { linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { temporaryFolder } from '../support/database.js'
import { runCli } from './run-cli.js'

test('the database is neither imported nor written over, whatever it is called', async () => {
  const folder = temporaryFolder()
  const at = (name: string): string => join(folder, name)
  const db = await openDatabase({ storage: { path: at('app.db') } })
  const words = await db.createCollection('words', { dimension: 1 })
  await words.insert([{ entity: 'a', timestamp: 1, vector: [1] }])
  await db.close()
  const before = readFileSync(at('app.db'))
  symlinkSync(at('app.db'), at('named.csv'))
  linkSync(at('app.db'), at('linked.csv'))
  writeFileSync(at('words.csv'), 'entity,timestamp,vector\na,2,[2]\n')
  const into = ['--database', at('app.db'), '--collection', 'words']

  for (const line of [
    ['import', at('app.db'), '--format', 'csv', ...into],
    ['import', at('named.csv'), ...into],
    ['import', at('words.csv'), '--rejects', at('linked.csv'), ...into],
    ['import', at('words.csv'), '--state', at('app.db'), ...into],
    ['import', at('words.csv'), '--rejects', at('app.db-wal'), ...into],
    ['export', at('app.db'), '--format', 'csv', '--overwrite', ...into],
  ])
    expect(await runCli(line)).toMatchObject({ code: 2, err: expect.stringMatching(/is the database, or a file that belongs to it\. Name another/) })

  expect(readFileSync(at('app.db')).equals(before)).toBe(true)
})

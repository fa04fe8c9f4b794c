import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { ROOT } from '../support/source-imports.js'

const KILLS = 60

interface Campaign {
  readonly kills: number
  readonly killed: Readonly<Record<string, number>>
  readonly acknowledged: number
  readonly found: number
  readonly problems: readonly string[]
}

const NAME = `${KILLS} processes killed while they pack, compact, back up and migrate leave every batch they acknowledged, whole, and none in part`

test(NAME, { timeout: 900_000 }, () => {
  if (!distIsCurrent()) buildDist()
  const seed = Date.now() % 1_000_000
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'kill-campaign.mjs'), String(KILLS), String(seed)], {
    encoding: 'utf8',
  })
  expect({ status, stderr, stdout, seed }).toMatchObject({ status: 0, stderr: '' })
  const result = JSON.parse(stdout.trim().split('\n').at(-1)!) as Campaign
  expect(result).toMatchObject({ kills: KILLS, problems: [] })
  expect(Object.keys(result.killed).sort()).toEqual(['back-up', 'compact', 'migrate', 'write'])
  expect(result.acknowledged).toBeGreaterThan(KILLS)
  expect(result.found).toBeGreaterThanOrEqual(result.acknowledged)
})

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import { ROOT } from '../support/source-imports.js'

test('50 processes killed while they write leave every batch they acknowledged, whole, and none in part', { timeout: 300_000 }, () => {
  if (!distIsCurrent()) buildDist()
  const seed = Date.now() % 1_000_000
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'kill-campaign.mjs'), '50', String(seed)], {
    encoding: 'utf8',
  })
  expect({ status, stderr, seed }).toEqual({ status: 0, stderr: '', seed })
  const result = JSON.parse(stdout.trim().split('\n').at(-1)!) as { kills: number; acknowledged: number; found: number; problems: string[] }
  expect(result).toMatchObject({ kills: 50, problems: [] })
  expect(result.acknowledged).toBeGreaterThan(50)
  expect(result.found).toBeGreaterThanOrEqual(result.acknowledged)
})

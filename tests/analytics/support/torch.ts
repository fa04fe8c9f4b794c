import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, onTestFinished } from 'vitest'
import type { AnalyticsConfig } from '../../../src/config.js'
import { openNative } from '../../../src/native/index.js'
import { canCompileModels } from '../../support/torch-models.js'
import { type Opened, type OpenOptions, open } from './analytics.js'

/** Suites that need libtorch: skipped where it is not built, unless it is demanded. */
export const torchSuite = canCompileModels || process.env['CHRONODE_REQUIRE_NATIVE'] === '1' ? describe : describe.skip

/** Analytics whose model is these bytes, on real libtorch. */
export function openModel(
  bytes: Uint8Array,
  changed: Partial<AnalyticsConfig> = {},
  options: OpenOptions = {},
): Opened & { readonly modelPath: string } {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const modelPath = join(folder, 'm.pt')
  writeFileSync(modelPath, bytes)
  return { modelPath, ...open({ neuralOde: true, modelPath, ...changed }, { native: openNative(), ...options }) }
}

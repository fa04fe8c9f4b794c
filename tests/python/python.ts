import { execFile, spawnSync } from 'node:child_process'
import { describe } from 'vitest'
import { canCompileModels } from '../support/torch-models.js'

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The first Python that has PyTorch. */
const python = [process.env['CHRONODE_PYTHON'], '/usr/bin/python3', 'python3']
  .filter((path) => path !== undefined)
  .find((path) => spawnSync(path, ['-c', 'import torch']).status === 0)

const isRequired = process.env['CHRONODE_REQUIRE_NATIVE'] === '1' || process.env['CI'] !== undefined

/** Suites that train in Python and predict here: skipped without Python's PyTorch or our libtorch, unless they are demanded. */
export const pythonSuite = (python !== undefined && canCompileModels) || isRequired ? describe : describe.skip

export const PYTHON_NEEDED = 'needs a Python with PyTorch (apt-get install python3-torch, or CHRONODE_PYTHON) and libtorch'

export function runPython(...args: readonly string[]): Promise<Ended> {
  if (python === undefined) throw new Error(`This test ${PYTHON_NEEDED}; no Python with PyTorch was found.`)
  return new Promise((resolve) => {
    // TorchScript writes a module's constants in the order of a set: a fixed hash makes it the same bytes every time.
    const env = { ...process.env, PYTHONHASHSEED: '0' }
    const child = execFile(python, [...args], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (child.exitCode ?? -1), stdout, stderr })
    })
  })
}

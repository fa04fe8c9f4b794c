import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileModel, type ModelParts, sources } from '../support/torch-models.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

/** Programs of a few lines that run in processes of their own, with src/native compiled as it is now. */
export class Programs {
  private readonly folder = mkdtempSync(join(tmpdir(), 'chronode-native-'))
  private written = 0

  constructor() {
    const options = ['--rootDir', root, '--outDir', this.folder, '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    execFileSync(process.execPath, [compiler, '--ignoreConfig', ...options, join(root, 'src', 'native', 'index.ts')], { cwd: root })
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module" }')
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'))
  }

  /** A file that a program can load as a model. */
  model(name: keyof typeof sources, parts: ModelParts = {}): string {
    const path = join(this.folder, `${name}.pt`)
    writeFileSync(path, compileModel(sources[name], parts))
    return path
  }

  /** `openTorch()`, `load(path)`, `one(timeoutMs, first)` are there; the program is the body of a module. */
  async run(program: string, { native = join(root, 'build', 'native') }: { native?: string } = {}): Promise<Ended> {
    const file = join(this.folder, `program-${this.written++}.mjs`)
    writeFileSync(file, PRELUDE + program)
    // Into files: what a process writes into a pipe of its parent's may be lost at process.exit(), with any program.
    const [out, err] = [`${file}.out`, `${file}.err`]
    const [stdout, stderr] = [openSync(out, 'w'), openSync(err, 'w')]
    const startMs = performance.now()
    const child = spawn(process.execPath, [file], { env: { ...process.env, CHRONODE_NATIVE: native }, stdio: ['ignore', stdout, stderr] })
    const killer = setTimeout(() => child.kill('SIGKILL'), 40_000)
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    const ms = performance.now() - startMs
    clearTimeout(killer)
    for (const descriptor of [stdout, stderr]) closeSync(descriptor)
    return { code, signal, stdout: readFileSync(out, 'utf8'), stderr: readFileSync(err, 'utf8'), ms }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }
}

const PRELUDE = `
import { readFileSync } from 'node:fs'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { openNative } from './src/native/index.js'

async function openTorch() {
  const door = await openNative().torch({ threads: 2 })
  if (!door.open) throw new Error(door.message)
  return door.addon
}
async function load(path) {
  const loaded = await (await openTorch()).load(readFileSync(path), { device: 'cpu', manyTargets: false, timeoutMs: 10000 })
  if (loaded.kind !== 'loaded') throw new Error(loaded.message)
  const one = async (timeoutMs, first = 1, signal) => {
    const trajectories = Float32Array.of(0, 0, 0, 0.5, first, 2)
    const [outcome] = await loaded.model.predict({ count: 1, length: 2, width: 3, trajectories, targets: Float32Array.of(1), targetsPerItem: 1 }, timeoutMs, signal)
    return outcome.kind === 'vector' ? [...outcome.vector].join() : outcome.reason + ': ' + outcome.message
  }
  return one
}
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
`

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NODE = join(ROOT, 'scripts', 'node')

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'chronode scripts '))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

function run(program: string, args: readonly string[], path = `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`) {
  return spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: path } })
}

describe('scripts/node', () => {
  test('runs a TypeScript file with its arguments, and says nothing of its own', () => {
    const file = join(folder(), 'x.ts')
    writeFileSync(file, 'const words: string[] = process.argv.slice(2)\nconsole.log(JSON.stringify(words))')
    const { status, stdout, stderr } = run(NODE, [file, 'a b', '--flag', '$HOME'])
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '["a b","--flag","$HOME"]\n', stderr: '' })
  })

  test('ends as the file ends', () => {
    expect(run(NODE, ['--eval', 'process.exit(7)']).status).toBe(7)
    expect(run(NODE, ['--eval', 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 10000)']).signal).toBe('SIGTERM')
  })

  test('works when it is started by sh, and puts its Node first on the PATH', () => {
    const { stdout } = run('sh', [
      NODE,
      '--print',
      'require("node:child_process").execSync("node --print process.execPath").toString() === process.execPath + "\\n"',
    ])
    expect(stdout).toBe('true\n')
  })

  test('finds this project whatever the working directory is', () => {
    const { stdout } = spawnSync(NODE, ['--print', 'process.cwd()'], { cwd: tmpdir(), encoding: 'utf8' })
    expect(stdout.trim()).toBe(run('sh', ['-c', `cd '${tmpdir()}' && pwd -P`]).stdout.trim())
  })
})

describe('where the Node on the PATH is too old', () => {
  /** A copy of scripts/ and a `node` that says that it is Node 20: as after a clone, before anything is installed. */
  function cloneWithOldNode(): { clone: string; path: string } {
    const clone = folder()
    mkdirSync(join(clone, 'scripts', 'setup'), { recursive: true })
    for (const file of ['node', 'setup/find-node.mjs', 'setup/print-node.mjs']) {
      writeFileSync(join(clone, 'scripts', file), readFileSync(join(ROOT, 'scripts', file)))
    }
    chmodSync(join(clone, 'scripts', 'node'), 0o755)
    const bin = join(clone, 'bin')
    mkdirSync(bin)
    writeFileSync(join(clone, 'old.mjs'), "Object.defineProperty(process.versions, 'napi', { value: '9' })\n")
    writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' --import '${join(clone, 'old.mjs')}' "$@"\n`)
    chmodSync(join(bin, 'node'), 0o755)
    return { clone, path: `${bin}${delimiter}/usr/bin${delimiter}/bin` }
  }

  test('scripts/node says what to do', () => {
    const { clone, path } = cloneWithOldNode()
    const { status, stdout, stderr } = run(join(clone, 'scripts', 'node'), ['--version'], path)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('Chronode needs Node 22.14 or newer; this is v')
    expect(stderr).toContain('Run "npm run setup", which installs one for this project alone.')
  })

  test("scripts/node takes the project's own once it is installed", () => {
    const { clone, path } = cloneWithOldNode()
    const own = join(clone, 'tools', 'node', 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
    mkdirSync(own, { recursive: true })
    symlinkSync(process.execPath, join(own, 'node'))
    const { status, stdout } = run(join(clone, 'scripts', 'node'), ['--print', 'process.versions.napi > 9'], path)
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'true\n' })
  })
})

describe('package.json', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
    peerDependencies: Record<string, string>
  }

  test('has the commands that the README names', () => {
    expect(Object.keys(manifest.scripts)).toEqual(
      expect.arrayContaining(['setup', 'demo', 'build', 'build:native', 'typecheck', 'lint', 'format', 'test', 'bench']),
    )
  })

  test('brings everything into a fresh clone before it tests or shows anything', () => {
    expect(manifest.scripts['demo']).toMatch(/^node scripts\/setup\.mjs && /)
    expect(manifest.scripts['bench']).toMatch(/^node scripts\/setup\.mjs && /)
    expect(manifest.scripts['test']).toBe('node scripts/test.mjs')
  })

  test('runs no script where it is installed', () => {
    const lifecycle = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']
    expect(Object.keys(manifest.scripts).filter((name) => lifecycle.includes(name))).toEqual([])
  })

  test("leaves the database library to the app, since two copies of it in one process lose each other's locks", () => {
    expect(manifest.peerDependencies).toHaveProperty('better-sqlite3')
    expect(manifest.dependencies).not.toHaveProperty('better-sqlite3')
  })
})

test.each(['scripts/node', '.ci/run'])('%s can be executed', (file) => {
  expect(statSync(join(ROOT, file)).mode & 0o111).toBe(0o111)
})

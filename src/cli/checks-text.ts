import { visible } from './cell.js'
import type { Check } from './check.js'
import { EXIT, styled, type Terminal, write } from './terminal.js'

/** What is printed for a status, and how: `failed` alone must catch the eye. */
const STYLES = { ok: 'green', absent: 'yellow', note: 'yellow', failed: 'red' } as const

/** Prints checks, one a line, and the verdict over them. @returns the exit code: 1 when one has failed. */
export async function printChecks(checks: readonly Check[], { json }: { json: boolean }, { stdout }: Terminal): Promise<number> {
  const failed = checks.filter(({ status }) => status === 'failed').length
  if (json) {
    await write(stdout, `${JSON.stringify({ ok: failed === 0, checks }, null, 2)}\n`)
  } else {
    const width = Math.max(...checks.map(({ name }) => name.length))
    for (const check of checks)
      await write(
        stdout,
        checkText(check, width, (text) => styled(STYLES[check.status], text, stdout)),
      )
    await write(stdout, `\n${verdict(checks, failed)}\n`)
  }
  return failed === 0 ? EXIT.ok : EXIT.failed
}

function checkText({ name, status, detail, remedy }: Check, width: number, coloured: (text: string) => string): string {
  const indent = ' '.repeat('absent'.length + width + 4)
  const lines = (text: string): string => text.split('\n').map(visible).join(`\n${indent}`)
  const advice = remedy === undefined ? '' : `${indent}to mend it: ${lines(remedy)}\n`
  return `${coloured(status.padEnd('absent'.length))}  ${name.padEnd(width)}  ${lines(detail)}\n${advice}`
}

function verdict(checks: readonly Check[], failed: number): string {
  if (failed > 0) return failed === 1 ? 'One thing does not work.' : `${failed} things do not work.`
  const has = (wanted: Check['status']) => checks.some(({ status }) => status === wanted)
  if (has('note')) return 'All that can be told from here works; what is noted is for the app to see to.'
  return has('absent') ? 'All that is asked for works; what is absent is not asked for.' : 'All works.'
}

#!/usr/bin/env node
// Nothing is imported before the look at Node: on an older one newer syntax, or the first database, would end the process without a word.

/** Node 22.14 and later; what better-sqlite3 is built for. */
const NODE_API_MIN = 10

if (Number(process.versions['napi']) < NODE_API_MIN) {
  process.stderr.write(`chronode needs Node 22.14 or newer; this is Node ${process.versions.node}. Install one from https://nodejs.org.\n`)
  process.exitCode = 1
} else {
  endQuietlyWhenNobodyReads(process.stdout)
  endQuietlyWhenNobodyReads(process.stderr)
  import('./program.js')
    .then(({ runProgram }) => runProgram(process.argv.slice(2), process))
    .then((code) => {
      process.exitCode = code
    })
}

/** `chronode query ... | head` ends when `head` has seen enough. */
function endQuietlyWhenNobodyReads(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    process.stderr.write(`error: The output cannot be written: ${error.message}\n`)
    process.exit(1)
  })
}

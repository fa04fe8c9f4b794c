/** One character of a pattern: itself, any one (`_`), or any text (`%`). */
type PatternSymbol = string | typeof ONE | typeof ANY
const ONE = Symbol('_')
const ANY = Symbol('%')

/**
 * SQL's LIKE: `%` is any text, `_` one character, a backslash makes the next character itself. Case counts.
 *
 * Cost of a test: without `_` that of looking the pieces up one after another, however long they are; else O(text * pattern) at
 * worst, without recursion.
 */
export function likeTest(pattern: string): (text: string) => boolean {
  const symbols = symbolsOf(pattern)
  const isPlain = !symbols.includes(ONE) && pattern.isWellFormed() // half of a character is found in none
  if (!isPlain) return (text) => matches([...text], symbols)
  const pieces = piecesOf(symbols)
  return (text) => holdsInOrder(text, pieces)
}

function symbolsOf(pattern: string): PatternSymbol[] {
  const letters = [...pattern]
  const symbols: PatternSymbol[] = []
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i]!
    if (letter === '\\' && i + 1 < letters.length) symbols.push(letters[++i]!)
    else symbols.push(letter === '%' ? ANY : letter === '_' ? ONE : letter)
  }
  return symbols
}

/** What stands between the `%`; at least one piece. */
function piecesOf(symbols: readonly PatternSymbol[]): string[] {
  const pieces = ['']
  for (const symbol of symbols) {
    if (symbol === ANY) pieces.push('')
    else pieces[pieces.length - 1] += symbol as string
  }
  return pieces
}

/** Whether a text is the pieces, one behind another with anything between them. */
function holdsInOrder(text: string, pieces: readonly string[]): boolean {
  const [first, ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first!)) return false
  let at = first!.length
  for (const piece of rest) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** The last `%` is the only place to go back to. */
function matches(letters: readonly string[], symbols: readonly PatternSymbol[]): boolean {
  let t = 0
  let s = 0
  let restartSymbol = -1
  let restartLetter = 0
  while (t < letters.length) {
    const symbol = symbols[s]
    if (symbol === ANY) {
      s += 1
      restartSymbol = s
      restartLetter = t
    } else if (symbol === ONE || symbol === letters[t]) {
      s += 1
      t += 1
    } else if (restartSymbol >= 0) {
      s = restartSymbol
      restartLetter += 1
      t = restartLetter
    } else {
      return false
    }
  }
  while (symbols[s] === ANY) s += 1
  return s === symbols.length
}

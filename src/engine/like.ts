/**
 * SQL's LIKE: `%` is any text, `_` one character, a backslash makes the next character itself. Case counts.
 *
 * Cost: O(text * pattern) at worst, without recursion: the last `%` is the only place to go back to.
 */
export function matchesLike(text: string, pattern: string): boolean {
  const letters = [...text]
  const wanted = [...pattern]
  let t = 0
  let p = 0
  let restartPattern = -1
  let restartText = 0
  while (t < letters.length) {
    const escaped = wanted[p] === '\\' && p + 1 < wanted.length
    const symbol = escaped ? wanted[p + 1] : wanted[p]
    if (!escaped && symbol === '%') {
      p += 1
      restartPattern = p
      restartText = t
    } else if (p < wanted.length && ((!escaped && symbol === '_') || symbol === letters[t])) {
      p += escaped ? 2 : 1
      t += 1
    } else if (restartPattern >= 0) {
      p = restartPattern
      restartText += 1
      t = restartText
    } else {
      return false
    }
  }
  while (wanted[p] === '%') p += 1
  return p === wanted.length
}
